// The console of "postern dev": each form posts its fields as JSON to the API, and shows what comes back.
const answer = document.getElementById('answer');
const who = document.getElementById('who');
const signOut = document.getElementById('sign-out');

async function call(path, body) {
  const response = await fetch(path, body === undefined ? {} : {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.clone().text();
  let shown = text;
  try { shown = JSON.stringify(JSON.parse(text), null, 2); } catch { /* shown as it is */ }
  answer.textContent = `${response.status} ${response.statusText}\n\n${shown}`;
  return response;
}

async function showSession() {
  const session = await (await fetch('/api/auth/get-session')).json();
  who.textContent = session ? `Signed in as ${session.user.name} <${session.user.email}>` : 'Not signed in.';
  signOut.hidden = !session;
}

for (const form of document.querySelectorAll('form')) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(form));
    if (form.dataset.path.includes('sign-up')) fields.callbackURL = '/dev';
    await call(form.dataset.path, fields);
    await showSession();
  });
}
for (const button of document.querySelectorAll('[data-provider]')) {
  button.addEventListener('click', async () => {
    const response = await call('/api/auth/sign-in/social', { provider: button.dataset.provider, callbackURL: '/dev' });
    if (response.ok) location.assign((await response.json()).url);
  });
}
for (const button of document.querySelectorAll('[data-call]')) {
  button.addEventListener('click', () => call(button.dataset.call));
}
signOut.addEventListener('click', async () => { await call('/api/auth/sign-out', {}); await showSession(); });
showSession();
