// Signing up, and the duplicates and refusals around it.

const password = "correct horse battery";

export const scenarios = {
  "the official client signs up, verifies, signs in and out": async (world) => {
    const ada = world.browser();
    const email = world.address("ada");
    await ada.client.signUp.email({ name: "Ada", email, password });
    await world.rows();
    await ada.open((await world.mail(email, "verify-email")).url);
    await ada.client.getSession();
    await ada.client.signOut();
    await ada.client.signIn.email({ email, password });
    await ada.client.getSession();
    await ada.client.listSessions();
    await ada.client.signOut();
    await ada.client.getSession();
    await world.rows();
    await world.mails();
  },

  "optional members are kept": async (world) => {
    const email = world.address("ada");
    const image = "https://images.example.test/ada.png";
    await world.post("/sign-up/email", { name: "Ada", email, password, image, callbackURL: "/welcome?a=b#c" });
    await world.rows();
    await world.mails();
  },

  "the address is stored in lower case": async (world) => {
    const email = world.address("ada");
    await world.post("/sign-up/email", { name: "Ada", email: email.toUpperCase(), password });
    await world.rows();
    await world.mails();
  },

  "an address that is taken gets the same answer and no mail": async (world) => {
    const ada = await world.member();
    await world.post("/sign-up/email", { name: "Eve", email: ada.email, password: "another password" });
    await world.post("/sign-up/email", { name: "Eve", email: ada.email.toUpperCase(), password, image: "x" });
    await world.rows();
    await world.mails();
  },

  "an address that waits for verification gets the same answer": async (world) => {
    const ada = await world.stranger();
    await world.post("/sign-up/email", { name: "Eve", email: ada.email, password: "another password" });
    await world.rows();
    await world.mails();
  },

  "a taken address is not told by a refused password": async (world) => {
    const ada = await world.member();
    await world.post("/sign-up/email", { name: "Eve", email: ada.email, password: "short" });
    await world.post("/sign-up/email", { name: "Eve", email: world.address("eve"), password: "short" });
  },

  "password lengths are counted in UTF-16 code units": async (world) => {
    const attempt = (who, password) => world.post("/sign-up/email", { name: "Ada", email: world.address(who), password });
    await attempt("a", "1234567");
    await attempt("b", "12345678");
    await attempt("c", "😀😀😀");
    await attempt("d", "😀😀😀😀");
    await attempt("e", "x".repeat(128));
    await attempt("f", "x".repeat(129));
    await attempt("g", "é".repeat(128));
    await world.rows();
  },

  "members nobody asked for are dropped": async (world) => {
    const extra = { id: "mine", emailVerified: true, role: "admin", createdAt: "2001-01-01T00:00:00.000Z", banned: false };
    await world.post("/sign-up/email", { name: "Ada", email: world.address("ada"), password, ...extra });
    await world.rows();
  },

  "empty strings are values": async (world) => {
    const email = world.address("ada");
    await world.post("/sign-up/email", { name: "", email, password, image: "", callbackURL: "" });
    await world.rows();
    await world.mails();
  },

  "a form may sign up": async (world) => {
    const form = new URLSearchParams({ name: "Ada L.", email: world.address("ada"), password }).toString();
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    await world.post("/sign-up/email", form, { headers });
    await world.post("/sign-up/email", `${form}&rememberMe=true`, { headers });
    await world.rows();
  },

  "names may hold any text": async (world) => {
    for (const [who, name] of [["a", "名前 🙂 <b>&amp;\"'"], ["b", "line\nbreak\ttab"], ["c", " spaces "]]) {
      await world.post("/sign-up/email", { name, email: world.address(who), password });
    }
    await world.rows();
  },

  "addresses are checked as better-auth does": async (world) => {
    const local = ["a.b", "a+b", "a_b", "a-b", "a'b", "A", "1", ".a", "a.", "a..b", "a'", "a b", "\"a\"", "é", "a!b", "a/b", ""];
    for (const name of local) await attempt(world, `${name}@x.${world.slug}.test`);
    const domains = ["x.test", "x-y.test", "1x.test", "x.y.z.test", "x", "x.t", "-x.test", "x_y.test", "x..test", ".test", "x.test.", "[127.0.0.1]", "x.123", "é.test", "x.tést"];
    for (const domain of domains) await attempt(world, `a${world.slug}@${domain}`);
    for (const whole of ["", "@", "a", "a@b@c.test", " a@x.test", "a@x.test ", "a@x.test\n", "<a@x.test>", "mailto:a@x.test"]) {
      await attempt(world, whole);
    }
  },

  "signing up while signed in leaves the session alone": async (world) => {
    const ada = await world.member();
    await ada.post("/sign-up/email", { name: "Bob", email: world.address("bob"), password });
    await ada.client.getSession();
    await world.rows();
  },

  "one of two simultaneous sign-ups is refused": async (world) => {
    const email = world.address("ada");
    const answers = await world.quietly(() =>
      Promise.all([1, 2].map(() => world.post("/sign-up/email", { name: "Ada", email, password }))),
    );
    // Which of the two is later, or whether the second only meets the finished row, is chance.
    world.note("nobody got a fault", answers.every(({ status }) => status === 200 || status === 422));
    world.note("users", (await world.sql(`select count(*)::int from "user" where email = $1`, email))[0]);
  },
};

// The password is refused only after the address, so that nobody is created.
function attempt(world, email) {
  return world.post("/sign-up/email", { name: "Ada", email, password: "" });
}
