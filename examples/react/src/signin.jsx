// For who is not signed in: both forms, and a button for each provider.

import { useState } from "react";
import { authClient, here, postern, providers } from "./auth.js";

export function SignIn({ onMailed }) {
  const [isNew, setIsNew] = useState(false);
  const [problem, setProblem] = useState(new URLSearchParams(location.search).get("error"));

  async function submit(event) {
    event.preventDefault();
    const { name, email, password } = Object.fromEntries(new FormData(event.currentTarget));
    const { data, error } = isNew
      ? await authClient.signUp.email({ name, email, password, callbackURL: here })
      : await authClient.signIn.email({ email, password, callbackURL: here });
    setProblem(error?.message ?? "");
    // Without a token nobody is signed in yet: the address has to be proved first.
    if (isNew && data && !data.token) onMailed(email);
  }

  async function signInWith(provider) {
    const { error } = await authClient.signIn.social({ provider, callbackURL: here, errorCallbackURL: here });
    setProblem(error?.message ?? "");
  }

  return (
    <>
      <form onSubmit={submit}>
        {isNew && (
          <label>
            Name <input name="name" autoComplete="name" required />
          </label>
        )}
        <label>
          E-mail <input name="email" type="email" autoComplete="email" required />
        </label>
        <label>
          Password <input name="password" type="password" autoComplete={isNew ? "new-password" : "current-password"} minLength={8} required />
        </label>
        <button>{isNew ? "Sign up" : "Sign in"}</button>
      </form>
      <p role="alert">{problem}</p>
      <p>
        <button type="button" onClick={() => setIsNew(!isNew)}>
          {isNew ? "I have an account" : "I have no account yet"}
        </button>
        {providers.map((provider) => (
          <button type="button" key={provider} onClick={() => signInWith(provider)}>
            Sign in with {provider}
          </button>
        ))}
      </p>
    </>
  );
}

export function CheckMail({ address }) {
  return (
    <p>
      A letter is on its way to <strong>{address}</strong>. Follow its link to sign in. (<code>postern dev</code> keeps letters{" "}
      <a href={`${postern}/dev/mail`}>here</a>.)
    </p>
  );
}
