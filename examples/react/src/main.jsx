import "./style.css";
import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import { authClient } from "./auth.js";
import { CheckMail, SignIn } from "./signin.jsx";
import { Tasks } from "./tasks.jsx";

function App() {
  const { data, error, isPending, refetch } = authClient.useSession();
  // Kept here, since the client asks for the session again after a sign-up, and the forms are gone meanwhile.
  const [mailedTo, setMailedTo] = useState("");
  if (data) return <Tasks user={data.user} onSessionOver={refetch} />;
  if (mailedTo) return <CheckMail address={mailedTo} />;
  if (isPending) return <p>One moment …</p>;
  // Not the same as being signed out: Postern is away, or does not trust this page's origin.
  if (error) return <p role="alert">{error.message || "Postern cannot be asked. Is this page's origin in auth.trusted_origins?"}</p>;
  return <SignIn onMailed={setMailedTo} />;
}

createRoot(document.getElementById("root")).render(
  <StrictMode>
    <main>
      <h1>Tasks</h1>
      <App />
    </main>
  </StrictMode>,
);
