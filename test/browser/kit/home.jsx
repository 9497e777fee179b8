// What the application behind Postern knows about the visitor.

import { SignedIn, SignedOut, UserButton } from "@daveyplate/better-auth-ui";
import { useCallback, useEffect, useState } from "react";
import { Link } from "wouter";
import { api } from "./auth.js";

export function Home() {
  return (
    <>
      <header>
        <h1>Tasks</h1>
        <SignedIn>
          <UserButton />
        </SignedIn>
        <SignedOut>
          <Link href="/auth/sign-in">Sign in</Link>
        </SignedOut>
      </header>
      <Me />
      <SignedIn>
        <Tasks />
      </SignedIn>
    </>
  );
}

function Me() {
  const [answer, setAnswer] = useState("asking…");
  const ask = useCallback(async () => {
    const response = await api("/api/me");
    const body = await response.json();
    setAnswer(response.ok ? `${response.status} ${body.name} <${body.email}>` : `${response.status} ${body.code}`);
  }, []);
  useEffect(() => void ask(), [ask]);
  return (
    <p>
      The application answers: <output aria-label="The application's answer">{answer}</output>
    </p>
  );
}

function Tasks() {
  const [tasks, setTasks] = useState([]);
  const [problem, setProblem] = useState("");
  const read = async (response) => {
    if (!response.ok) setProblem(`${response.status}`);
    return response.ok;
  };
  const list = useCallback(async () => {
    const response = await api("/api/tasks");
    if (await read(response)) setTasks(await response.json());
  }, []);
  useEffect(() => void list(), [list]);

  async function add(event) {
    event.preventDefault();
    const form = event.currentTarget;
    const response = await api("/api/tasks", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ title: new FormData(form).get("title") }),
    });
    if (await read(response)) form.reset();
    await list();
  }

  return (
    <section>
      <form onSubmit={add}>
        <label>
          New task <input name="title" required />
        </label>
        <button>Add</button>
      </form>
      <p role="alert">{problem}</p>
      <ul aria-label="Tasks">
        {tasks.map(({ id, title }) => (
          <li key={id}>{title}</li>
        ))}
      </ul>
    </section>
  );
}
