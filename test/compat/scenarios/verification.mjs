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

  "a token expires": async (world) => {
    const ada = await world.stranger();
    const token = await issued(world, { email: ada.email, userId: await world.userID(ada.email) }, "-1s");
    for (const query of [`?token=${token}`, `?token=${token}&callbackURL=%2Fdone%3Fa%3Db%23c`, `?token=${token}&callbackURL=`]) await ada.get(`/verify-email${query}`);
    const to = world.address("countess");
    const change = { email: ada.email, updateTo: to, userId: await world.userID(ada.email), requestType: "change-email-verification" };
    await ada.get(`/verify-email?token=${await issued(world, change, "-1s")}&callbackURL=/settings`);
    await world.rows();
  },

  "a token without userId is good for its address": async (world) => {
    const ada = await world.stranger();
    await ada.get(`/verify-email?token=${await issued(world, { email: ada.email })}`);
    await world.rows();
  },

  "a token of another algorithm or without expiry": async (world) => {
    const ada = await world.stranger();
    const claims = { email: ada.email, userId: await world.userID(ada.email) };
    const key = Buffer.from(world.target.secret);
    await world.get(`/verify-email?token=${await new SignJWT(claims).setProtectedHeader({ alg: "HS512" }).setExpirationTime("15m").sign(key)}`);
    await world.get(`/verify-email?token=${await new SignJWT(claims).setProtectedHeader({ alg: "HS256", typ: "JWT" }).setExpirationTime("15m").setNotBefore("10m").sign(key)}`);
    await world.rows();
    await world.get(`/verify-email?token=${await new SignJWT(claims).setProtectedHeader({ alg: "HS256", typ: "JWT" }).sign(key)}`);
  },

  "an address in a token is compared in lower case": async (world) => {
    const ada = await world.stranger();
    await world.get(`/verify-email?token=${await issued(world, { email: ada.email.toUpperCase(), userId: await world.userID(ada.email) })}`);
    await world.rows();
  },

  "a change of address is bound to its user": async (world) => {
    const ada = await world.member();
    const bob = await world.member("bob");
    const to = world.address("countess");
    const right = { email: ada.email, updateTo: to, userId: await world.userID(ada.email), requestType: "change-email-verification" };
    for (const wrong of [{ userId: undefined }, { userId: "unknown" }, { userId: await world.userID(bob.email) }, { email: bob.email }]) {
      const token = await issued(world, { ...right, ...wrong });
      await world.get(`/verify-email?token=${token}`);
      await world.get(`/verify-email?token=${token}&callbackURL=/settings`);
    }
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

/** A token such as the server makes, signed with its secret. */
function issued(world, claims, life = "15m") {
  return new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).setIssuedAt().setExpirationTime(life).sign(Buffer.from(world.target.secret));
}

function unsigned(claims) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none" })}.${part(claims)}.`;
}
