/* Who is here: ids in the browser's storage, none without consent. */

const SESSION_IDLE_MS = 30 * 60 * 1000;
const NAMES = ["anonymous_id", "session_id", "session_at", "identified"];
const memory = {}; // where storage is blocked, ids live as long as the page
let customerId = null;
let customerToken = null;

const uuid = () =>
  crypto.randomUUID?.() ?? // absent on plain http
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

const areaOf = (name) => window[name === "anonymous_id" ? "localStorage" : "sessionStorage"];

function read(name) {
  try {
    return areaOf(name).getItem(`perennial_${name}`) ?? memory[name];
  } catch {
    return memory[name];
  }
}

function write(name, value) {
  memory[name] = value;
  try {
    areaOf(name).setItem(`perennial_${name}`, value);
  } catch {
    // blocked or full: memory has it
  }
  return value;
}

function forget() {
  for (const name of NAMES) {
    delete memory[name];
    try {
      areaOf(name).removeItem(`perennial_${name}`);
    } catch {
      // blocked: nothing was stored
    }
  }
}

const anonymousId = () => read("anonymous_id") ?? write("anonymous_id", uuid());

function sessionId() {
  const idle = Date.now() - Number(read("session_at") ?? 0);
  const current = idle < SESSION_IDLE_MS && read("session_id");
  write("session_at", String(Date.now()));
  return current || write("session_id", uuid());
}

/** The ids of this shopper; none without consent, and then nothing stays stored either. */
function shopper() {
  if (consent() === "denied") forget();
  if (denied()) return {};
  const signedIn = customerId ?? setting("customer-id");
  return {
    customer_id: signedIn,
    customer_token: signedIn && (customerToken ?? setting("customer-token")),
    anonymous_id: anonymousId(),
    session_id: sessionId(),
  };
}
