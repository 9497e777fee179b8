// A small frontend: the kit's views under the paths that the kit gives them, and one page of our own.

import "./style.css";
import { AccountView, AuthUIProvider, AuthView } from "@daveyplate/better-auth-ui";
import { createRoot } from "react-dom/client";
import { Toaster } from "sonner";
import { Link, Route, Switch, useLocation } from "wouter";
import { authClient, providers } from "./auth.js";
import { Home } from "./home.jsx";

// Where Postern says that somebody came from who had to sign in first. Only a path of this origin will do.
function returnTo() {
  const path = new URLSearchParams(location.search).get("return_to") ?? "";
  return /^\/(?![/\\])/.test(path) ? path : undefined;
}

// A provider that the kit does not know by name is one of Postern's all the same.
const signIn = ({ providerId, ...options }) => authClient.signIn.social({ provider: providerId, ...options });

function Frontend() {
  const [, navigate] = useLocation();
  return (
    <AuthUIProvider
      authClient={authClient}
      baseURL={location.origin}
      navigate={navigate}
      replace={(to) => navigate(to, { replace: true })}
      Link={Link}
      credentials={{ rememberMe: true, confirmPassword: true }}
      deleteUser={{ verification: true }}
      genericOAuth={providers.length > 0 ? { providers, signIn } : undefined}
    >
      <main>
        <Switch>
          <Route path="/auth/:view">{({ view }) => <AuthView path={view} redirectTo={returnTo()} />}</Route>
          <Route path="/account/:view">{({ view }) => <AccountView path={view} />}</Route>
          <Route path="/" component={Home} />
          <Route>There is no such page.</Route>
        </Switch>
      </main>
      <Toaster />
    </AuthUIProvider>
  );
}

createRoot(document.getElementById("root")).render(<Frontend />);
