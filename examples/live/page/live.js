// Opens both streams, and shows what becomes of them.

const shown = (id) => document.getElementById(id);
const show = (id, text) => (shown(id).textContent = text);

function add(list, text, action) {
  const item = document.createElement("li");
  item.textContent = text;
  if (action) item.append(" ", action);
  shown(list).append(item);
}

// A WebSocket tells why it was closed: 1008 is what Postern says when the session is over.
function openSocket() {
  const socket = new WebSocket(`${location.protocol.replace("http", "ws")}//${location.host}/api/ws`);
  show("socket", "opening");
  socket.onopen = () => show("socket", "open");
  socket.onmessage = ({ data }) => {
    const { name, text } = JSON.parse(data);
    add("messages", `${name}: ${text}`);
  };
  socket.onclose = ({ code, reason }) => {
    show("socket", `closed with ${code}${reason && `: ${reason}`}`);
    if (code !== 1008) setTimeout(openSocket, 2000); // a restart, or the network
  };
  shown("say").onsubmit = (event) => {
    event.preventDefault();
    socket.send(new FormData(event.target).get("text"));
    event.target.reset();
  };
}

// An event stream that is cut off is opened again by the browser, which gives up when the answer is 401.
function openEvents() {
  const events = new EventSource("/api/events");
  show("events", "opening");
  events.onopen = () => show("events", "open");
  events.addEventListener("people", ({ data }) => show("people", JSON.parse(data).join(", ")));
  events.onerror = () => show("events", events.readyState === EventSource.CLOSED ? "ended, and refused when it was opened again" : "cut off, opening it again");
}

async function listSessions() {
  const { sessions } = await (await fetch("/api/auth/sessions")).json();
  shown("sessions").replaceChildren();
  for (const { id, device, isCurrent } of sessions) {
    const end = document.createElement("button");
    end.textContent = "End";
    end.onclick = async () => {
      await fetch(`/api/auth/sessions/${encodeURIComponent(id)}`, { method: "DELETE" });
      await listSessions();
    };
    add("sessions", isCurrent ? `${device} (this one)` : device, isCurrent ? null : end);
  }
}

const response = await fetch("/api/me");
if (response.ok) {
  const { name } = await response.json();
  show("me", name);
  openSocket();
  openEvents();
  await listSessions();
}
shown("room").hidden = !response.ok;
shown("signed-out").hidden = response.ok;
