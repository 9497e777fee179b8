// For who is signed in: their tasks, by the application's API.

import { useCallback, useEffect, useState } from "react";
import { api, authClient, here } from "./auth.js";

export function Tasks({ user, onSessionOver }) {
  const [tasks, setTasks] = useState(); // undefined until they are there
  const [problem, setProblem] = useState("");

  const call = useCallback(
    async (path, options) => {
      try {
        setProblem("");
        return await api(path, options);
      } catch (error) {
        // Signed out elsewhere, or revoked: have the client ask once more, which leads to the forms.
        if (error.status === 401) onSessionOver();
        setProblem(error.message);
      }
    },
    [onSessionOver],
  );
  const list = useCallback(async () => setTasks(await call("/api/tasks")), [call]);
  useEffect(() => void list(), [list]);

  async function add(event) {
    event.preventDefault();
    const form = event.currentTarget;
    if (await call("/api/tasks", { method: "POST", body: { title: new FormData(form).get("title") } })) form.reset();
    await list();
  }

  async function setDone(id, done) {
    setTasks(tasks.map((task) => (task.id === id ? { ...task, done } : task)));
    await call(`/api/tasks/${id}`, { method: "PATCH", body: { done } });
    await list();
  }

  // Whoever signed in with a provider is signed out there as well, and sent back here.
  const signOut = () => authClient.signOut({ callbackURL: here });

  return (
    <>
      <p>
        <span>
          Signed in as {user.name} &lt;{user.email}&gt;.
        </span>{" "}
        <button onClick={signOut}>Sign out</button>
      </p>
      <form onSubmit={add}>
        <label>
          New task <input name="title" maxLength={200} required />
        </label>
        <button>Add</button>
      </form>
      <p role="alert">{problem}</p>
      {tasks?.length === 0 && <p>Nothing to do.</p>}
      <ul aria-label="Tasks">
        {tasks?.map(({ id, title, done }) => (
          <li key={id}>
            <label>
              <input type="checkbox" checked={done} onChange={() => setDone(id, !done)} /> {title}
            </label>
          </li>
        ))}
      </ul>
    </>
  );
}
