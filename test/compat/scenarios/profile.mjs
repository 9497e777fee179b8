// The user's own name, picture and address.

const change = (browser, newEmail, callbackURL) => browser.post("/change-email", { newEmail, callbackURL });

export const scenarios = {
  "name and picture are changed": async (world) => {
    const ada = await world.member();
    await ada.client.updateUser({ name: "Countess", image: "https://images.example.test/c.png" });
    await ada.client.getSession();
    await ada.client.updateUser({ image: null });
    await ada.client.updateUser({ name: "" });
    await world.rows();
  },

  "there must be something to change": async (world) => {
    const ada = await world.member();
    for (const body of [{}, { unknown: 1 }, { id: "x" }, { emailVerified: false }, { createdAt: "2001-01-01T00:00:00.000Z" }]) {
      await ada.post("/update-user", body);
    }
    await world.rows();
  },

  "unknown members beside known ones are dropped": async (world) => {
    const ada = await world.member();
    await ada.post("/update-user", { name: "Countess", id: "x", emailVerified: false, role: "admin" });
    await world.rows();
  },

  "the address is not changed by update-user": async (world) => {
    const ada = await world.member();
    for (const email of ["new@x.test", "", null, 1, {}]) await ada.post("/update-user", { email });
    await ada.post("/update-user", { name: "Countess", email: "new@x.test" });
    await ada.post("/update-user", { name: "Countess", email: "" });
    await world.rows();
  },

  "updating wants a session": async (world) => {
    await world.post("/update-user", { name: "x" });
    await world.post("/update-user", { email: "x" });
    await world.post("/update-user", {});
  },

  "the address is changed by a mailed link": async (world) => {
    const ada = await world.member();
    const to = world.address("countess");
    await ada.client.changeEmail({ newEmail: to, callbackURL: "/settings" });
    await world.rows();
    await ada.open((await world.mail(to, "change-email-verification")).url);
    await ada.client.getSession();
    await world.rows();
    await world.mails();
  },

  "the link needs no session and makes none": async (world) => {
    const ada = await world.member();
    const to = world.address("countess");
    await world.quietly(() => change(ada, to));
    const mail = await world.mail(to, "change-email-verification");
    const elsewhere = world.browser();
    await elsewhere.open(mail.url);
    await elsewhere.client.getSession();
    await elsewhere.open(mail.url);
    await world.rows();
  },

  "the link without callbackURL answers with the user": async (world) => {
    const ada = await world.member();
    const to = world.address("countess");
    await world.quietly(() => change(ada, to));
    const { token } = await world.mail(to, "change-email-verification");
    await ada.get(`/verify-email?token=${token}`);
    await ada.get(`/verify-email?token=${token}`);
    await world.rows();
  },

  "the link is refused in somebody else's browser": async (world) => {
    const ada = await world.member();
    const eve = await world.member("eve");
    const to = world.address("countess");
    await world.quietly(() => change(ada, to));
    const { url, token } = await world.mail(to, "change-email-verification");
    await eve.open(url);
    await eve.get(`/verify-email?token=${token}`);
    await world.rows();
  },

  "only the latest change of several takes place": async (world) => {
    const ada = await world.member();
    const [first, second] = [world.address("first"), world.address("second")];
    await world.quietly(() => change(ada, first));
    await world.quietly(() => change(ada, second));
    await world.browser().open((await world.mail(second, "change-email-verification")).url);
    await world.browser().open((await world.mail(first, "change-email-verification")).url);
    await world.rows();
  },

  "a taken address gets the same answer and no mail": async (world) => {
    const ada = await world.member();
    const bob = await world.member("bob");
    await change(ada, bob.email);
    await change(ada, bob.email.toUpperCase());
    await world.rows();
    await world.mails();
  },

  "the own address is no change": async (world) => {
    const ada = await world.member();
    await change(ada, ada.email);
    await change(ada, ada.email.toUpperCase());
  },

  "the new address has to be one": async (world) => {
    const ada = await world.member();
    for (const address of ["", "x", "a@b", "a@b.test "]) await change(ada, address);
    await change(ada, world.address("new"), "https://evil.test");
    await world.post("/change-email", { newEmail: world.address("new") });
    await world.mails();
  },

  "the new address is stored in lower case": async (world) => {
    const ada = await world.member();
    const to = world.address("countess");
    await change(ada, to.toUpperCase());
    await ada.open((await world.mail(to, "change-email-verification")).url);
    await world.rows();
  },

  "an address that was taken in the meantime is not changed": async (world) => {
    const ada = await world.member();
    const to = world.address("countess");
    await world.quietly(() => change(ada, to));
    const { url } = await world.mail(to, "change-email-verification");
    await world.member("countess");
    await ada.open(url);
    await ada.client.getSession();
    await world.rows();
  },

  "members of other types are refused": async (world) => {
    const ada = await world.member();
    for (const body of [{ name: 1 }, { name: true }, { name: [] }, { name: {} }, { image: 1 }, { image: [] }, { image: false }, { name: "x", image: 1 }]) await ada.post("/update-user", body);
  },

  "a name cannot be taken away": async (world) => {
    const ada = await world.member();
    await ada.post("/update-user", { name: null });
    await ada.client.getSession();
  },
};
