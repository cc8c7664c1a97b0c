// uContact's example with fetch, for Node 18 or later. UCONTACT_URL is where it is sent, UCONTACT_TOKEN the token.
const url = process.env.UCONTACT_URL ?? "http://127.0.0.1:8080";
const token = process.env.UCONTACT_TOKEN ?? "any";

const headers = new Headers();
headers.append("Authorization", `Basic ${token}`);
headers.append("Content-Type", "application/x-www-form-urlencoded");

const body = new URLSearchParams();
body.append("callerid", "59824001000");
body.append("agent", "eva.muñoz");
body.append("phone", "1001");
body.append("tech", "SIP");
body.append("context", "agentes");
body.append("outqueue", "Ventas->");
body.append("destination", "59899123456");

const answer = await fetch(`${url}/Integra/resources/Agents/AgentCall`, {
  method: "POST",
  headers,
  body,
  redirect: "follow",
});
process.stdout.write(await answer.text());
