// The bodies of the endpoints that take one: each member and its JSON type.

export const fields = {
  "/sign-up/email": {
    name: "string",
    email: "string",
    password: "string",
    image: "string",
    callbackURL: "string",
    rememberMe: "boolean",
  },
  "/sign-in/email": { email: "string", password: "string", callbackURL: "string", rememberMe: "boolean" },
  "/sign-out": { callbackURL: "string", disableRedirect: "boolean", state: "string" },
  "/revoke-session": { token: "string" },
  "/revoke-sessions": {},
  "/revoke-other-sessions": {},
  "/update-session": {},
  "/update-user": {},
  "/change-password": { newPassword: "string", currentPassword: "string", revokeOtherSessions: "boolean" },
  "/verify-password": { password: "string" },
  "/change-email": { newEmail: "string", callbackURL: "string" },
  "/delete-user": { callbackURL: "string", password: "string", token: "string" },
  "/send-verification-email": { email: "string", callbackURL: "string" },
  "/request-password-reset": { email: "string", redirectTo: "string" },
  "/reset-password": { newPassword: "string", token: "string" },
};

const required = {
  // The password is too short, so that nobody is created by a body that is otherwise right.
  "/sign-up/email": (world) => ({ name: "Ada", email: world.address("types"), password: "short" }),
  "/sign-in/email": (world) => ({ email: world.address("types"), password: "x" }),
  "/revoke-session": () => ({ token: "x" }),
  "/change-password": () => ({ newPassword: "12345678", currentPassword: "12345678" }),
  "/verify-password": () => ({ password: "12345678" }),
  "/change-email": (world) => ({ newEmail: world.address("types") }),
  "/send-verification-email": (world) => ({ email: world.address("types") }),
  "/request-password-reset": (world) => ({ email: world.address("types") }),
  "/reset-password": () => ({ newPassword: "12345678", token: "x" }),
};

/** A body with all that is required and nothing more. */
export function minimal(path, world) {
  return required[path]?.(world) ?? {};
}
