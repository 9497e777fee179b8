// Verification mails and the links in them.

import { decodeJwt, SignJWT } from "jose";

const password = "correct horse battery";

export const scenarios = {
  "a link signs in and redirects": async (world) => {
    const ada = await world.stranger();
    await ada.open((await world.mail(ada.email, "verify-email")).url);
    await ada.client.getSession();
    await world.rows();
  },

  "a link without callbackURL answers JSON": async (world) => {
    const ada = await world.stranger();
    const { token } = await world.mail(ada.email, "verify-email");
    await ada.get(`/verify-email?token=${token}`);
    await world.rows();
  },

  "a link opened again signs nobody in": async (world) => {
    const ada = await world.stranger();
    const { url, token } = await world.mail(ada.email, "verify-email");
    await world.browser().open(url);
    await world.browser().open(url);
    await world.browser().get(`/verify-email?token=${token}`);
    await world.browser().get(`/verify-email?token=${token}&callbackURL=`);
    await world.rows();
  },

  "a link keeps the session of the same address": async (world) => {
    const ada = await world.member();
    await world.sql(`update "user" set "emailVerified" = false where email = $1`, ada.email);
    await ada.open((await world.mail(ada.email, "verify-email")).url);
    await ada.client.getSession();
    await world.rows();
  },

  "a link replaces the session of somebody else": async (world) => {
    const ada = await world.member();
    const bob = await world.stranger("bob");
    await ada.open((await world.mail(bob.email, "verify-email")).url);
    await ada.client.getSession();
    await world.rows();
  },

  "a wrong token is refused": async (world) => {
    for (const token of ["x", "a.b.c", "", "eyJhbGciOiJub25lIn0.e30.", "."]) {
      await world.get(`/verify-email?token=${token}`);
      await world.get(`/verify-email?token=${token}&callbackURL=%2Fdone%3Fa%3Db%23c`);
    }
    await world.get("/verify-email");
    await world.get("/verify-email?token=a&token=b");
  },

  "a token signed with another secret is refused": async (world) => {
    const ada = await world.stranger();
    const { token } = await world.mail(ada.email, "verify-email");
    const claims = decodeJwt(token);
    const forged = await new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).sign(Buffer.alloc(32, 1));
    await world.get(`/verify-email?token=${forged}`);
    await world.get(`/verify-email?token=${unsigned(claims)}`);
    await world.get(`/verify-email?token=${token.slice(0, -1)}`);
    await world.rows();
  },

  "a token for an address that is gone is refused": async (world) => {
    const ada = await world.stranger();
    const { token } = await world.mail(ada.email, "verify-email");
    await world.sql(`delete from "user" where email = $1`, ada.email);
    await world.get(`/verify-email?token=${token}`);
    await world.get(`/verify-email?token=${token}&callbackURL=/gone`);
  },

  "a token does not serve the next owner of its address": async (world) => {
    const ada = await world.stranger();
    const { token } = await world.mail(ada.email, "verify-email");
    await world.sql(`delete from "user" where email = $1`, ada.email);
    await world.stranger();
    await world.get(`/verify-email?token=${token}`);
    await world.get(`/verify-email?token=${token}&callbackURL=/gone`);
    await world.rows();
  },

  "redirects keep query and fragment": async (world) => {
    const ada = await world.stranger();
    const { token } = await world.mail(ada.email, "verify-email");
    const targets = ["/done?a=b#c", "http://localhost:3000/x?y=z", "https://app.example.test/in", "/é x"];
    for (const target of targets) {
      await world.get(`/verify-email?token=${token}&callbackURL=${encodeURIComponent(target)}`);
      await world.get(`/verify-email?token=bad&callbackURL=${encodeURIComponent(target)}`);
    }
  },

  "a foreign callbackURL is refused before the token is looked at": async (world) => {
    const ada = await world.stranger();
    const { token } = await world.mail(ada.email, "verify-email");
    for (const target of ["https://evil.test", "//evil.test", "/\\evil.test", "javascript:alert(1)", "x"]) {
      await world.get(`/verify-email?token=${token}&callbackURL=${encodeURIComponent(target)}`);
    }
    await world.get(`/verify-email?token=${token}&callbackURL=/a&callbackURL=https://evil.test`);
    await world.rows();
  },

  "another mail may be asked for": async (world) => {
    const ada = await world.stranger();
    await ada.client.sendVerificationEmail({ email: ada.email, callbackURL: "/welcome" });
    await world.mails();
  },

  "asking for a mail does not tell who is registered": async (world) => {
    const ada = await world.member();
    await world.post("/send-verification-email", { email: ada.email });
    await world.post("/send-verification-email", { email: world.address("nobody") });
    await world.mails();
  },

  "asking with a session is for the own address only": async (world) => {
    const ada = await world.member();
    const bob = await world.stranger("bob");
    await ada.post("/send-verification-email", { email: ada.email });
    await ada.post("/send-verification-email", { email: bob.email });
    await ada.post("/send-verification-email", { email: ada.email.toUpperCase() });
    await world.mails();
  },

  "signing in unverified is refused and mails again": async (world) => {
    const ada = await world.stranger();
    await ada.client.signIn.email({ email: ada.email, password, callbackURL: "/welcome" });
    await ada.client.signIn.email({ email: ada.email, password: "a wrong password" });
    await ada.client.signIn.email({ email: ada.email, password });
    await world.mails();
    await world.rows();
  },

  "the first link is still good after a second mail": async (world) => {
    const ada = await world.stranger();
    await world.post("/send-verification-email", { email: ada.email });
    await ada.open((await world.mail(ada.email, "verify-email")).url);
    await ada.client.getSession();
  },
};

function unsigned(claims) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none" })}.${part(claims)}.`;
}
