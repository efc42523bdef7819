// The review of a postmortem: planned from the record, invited by mails that calendars read, led from a phone, moved, held.
import assert from "node:assert/strict";
import test from "node:test";
import { desktop, look, phone, startBrowser } from "./rig/browser.mjs";
import { documents, signedInPage, startCompany } from "./rig/company.mjs";
import { startMailServer } from "./rig/mail.mjs";
import { Rig, sleep } from "./rig/process.mjs";

const carla = "---\nkind: person\nname: carla\nspec: {full_name: Carla Diaz, email: carla@example.test, access: responder}\n";

/** The calendar in a mail, its lines whole. */
function calendar(mail) {
  const found = mail.raw.replaceAll("\r\n", "\n").match(/text\/calendar[^\n]*\n(?:[^\n]+\n)*\n([\s\S]*?)\n--/);
  const encoded = /base64/i.test(found[0].split("\n\n")[0]) ? Buffer.from(found[1], "base64").toString() : found[1].replaceAll("=\n", "").replaceAll("=3D", "=").replaceAll("=0D", "");
  return encoded.replaceAll("\r\n", "\n").replaceAll("\n ", "");
}

test("a review is planned, invited to, moved, led and held", async (t) => {
  const rig = await Rig.start(t);
  const mail = await startMailServer(rig);
  const allclear = await startCompany(rig, { mail, documents: documents() + carla, others: ["ben", "carla"] });
  const by = (token) => (method, where, body) => allclear.api(method, where, body, { authorization: `Bearer ${token}` });
  const ben = by(allclear.tokens.ben);
  const { id } = await ben("POST", "/incidents", { title: "Card payments fail", class: "system", severity: "SEV3", services: ["payments"] });
  await ben("POST", `/incidents/${id}/entries`, { text: "Two dashboards disagree" });
  await ben("POST", `/incidents/${id}/act`, { do: "resolve", why: "payments work again" });

  const browser = await startBrowser(rig);
  const page = await signedInPage(browser, allclear.url, { viewport: desktop });
  await page.goto(`/incidents/${id}/postmortem`);
  await page.getByRole("link", { name: "Review", exact: true }).click();
  await page.getByText("leads Payments, which owns Card payments").waitFor();
  await page.getByText("wrote entries").waitFor();
  assert.deepEqual(await page.getByLabel(/Who leads it/).locator("option").allTextContents(), ["Ana Silva", "Carla Diaz"]);
  const soon = new Date(Date.now() + 2 * 86_400_000).toISOString().slice(0, 10);
  await page.getByLabel(/^When/).fill(`${soon}T15:00`);
  await page.getByLabel(/^Where \(/).fill("Room 4; second floor");
  await page.getByLabel(/Who leads it/).selectOption("carla");
  await look(page, "review-plan-desktop");
  await page.getByRole("button", { name: "Plan it, and invite" }).click();
  await page.getByText("Carla Diaz leads it").waitFor();

  const invited = await mail.mail("that Ben is invited", (one) => /Invitation/.test(one.subject) && one.to.includes("ben@example.test"));
  assert.match(invited.text, /Room 4; second floor/);
  const asked = calendar(invited);
  assert.match(asked, /METHOD:REQUEST\n/);
  assert.match(asked, /SEQUENCE:0\n/);
  assert.match(asked, /LOCATION:Room 4\\; second floor\n/);
  assert.match(asked, /ORGANIZER;CN="Carla Diaz":mailto:carla@example.test\n/);

  await page.getByText("Move it, or ask others").click();
  await page.getByLabel(/^When/).fill(`${soon}T16:00`);
  await page.getByRole("button", { name: "Change it, and tell everybody" }).click();
  const moved = await mail.mail("that Ben is told", (one) => /Changed/.test(one.subject) && one.to.includes("ben@example.test"));
  assert.match(calendar(moved), /SEQUENCE:1\n/);
  await look(page, "review-desktop");

  // Led from a phone, without JavaScript.
  const plain = await signedInPage(browser, allclear.url, { viewport: phone, javaScriptEnabled: false });
  await plain.goto(`/incidents/${id}/review`);
  await plain.getByText("Through the timeline").click();
  await plain.getByText("What did you expect to happen next?").waitFor();
  await plain.locator("#note-walk").fill("Two dashboards disagreed for nine minutes.");
  await plain.locator("#topic-walk").getByRole("button", { name: "Keep the notes" }).click();
  await plain.getByLabel("What is decided").fill("One dashboard remains.");
  await plain.getByRole("button", { name: "Decided" }).click();
  await plain.getByText("One dashboard remains.").waitFor();
  const narrow = await signedInPage(browser, allclear.url, { viewport: phone });
  await narrow.goto(`/incidents/${id}/review`);
  await look(narrow, "review-phone");

  const kept = await ben("GET", `/incidents/${id}/review`);
  assert.deepEqual([kept.meeting.notes[0].topic, kept.meeting.decisions[0].text], ["walk", "One dashboard remains."]);
  await ben("POST", `/incidents/${id}/review`, { do: "cancel", why: "half of us are away" });
  const cancelled = await mail.mail("that it is cancelled", (one) => /Cancelled/.test(one.subject) && one.to.includes("ben@example.test"));
  assert.match(calendar(cancelled), /METHOD:CANCEL\n[\s\S]*SEQUENCE:2\n[\s\S]*STATUS:CANCELLED\n/);

  // Planned anew and held. The minutes of a topic count down for whoever starts them, also when the page is loaded again.
  const starts_at = new Date(Date.now() + 1500).toISOString();
  await ben("POST", `/incidents/${id}/review`, { do: "plan", meeting: { starts_at, facilitator: "carla" } });
  await page.goto(`/incidents/${id}/review`);
  const opening = page.locator("#topic-opening");
  const minutes = await opening.locator("[data-minutes]").getAttribute("data-minutes");
  await opening.getByRole("button", { name: `Start ${minutes} min` }).click();
  await opening.getByText(`${minutes} min left`).waitFor();
  await page.reload();
  await opening.getByText(`${minutes} min left`).waitFor();
  await look(page, "review-time-desktop");
  await opening.getByRole("button", { name: "Stop the time" }).click();
  await opening.getByText(`from minute 0, ${minutes} min`).waitFor();
  await sleep(Math.max(0, Date.parse(starts_at) - Date.now()));
  await ben("POST", `/incidents/${id}/review`, { do: "hold", attended: ["ana", "ben", "carla"] });

  // What it was good for: by the keyboard, and over the API; shown once three have answered. The form needs no JavaScript.
  await plain.reload();
  await plain.locator("#said").waitFor();
  await narrow.reload();
  await look(narrow, "review-survey-phone");
  await page.reload();
  await look(page, "review-survey-desktop");
  await page.getByLabel("What it was good for").getByRole("button", { name: "Answer" }).waitFor();
  for (const question of ["I learned something new", "Nobody was blamed", /What is to be done/]) {
    await page.getByRole("group", { name: question }).getByLabel("1, not at all").focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
  }
  await page.getByLabel(/A sentence/).fill("Less of the <i>timeline</i>");
  await page.keyboard.press("Enter");
  await page.getByText("What they say is shown when three have answered.").waitFor();
  assert.equal((await ben("GET", `/incidents/${id}/review`)).survey.shown, 0);
  await ben("POST", `/incidents/${id}/review`, { do: "answer", learned: 5, blameless: 5, actions: 2 });
  await by(allclear.tokens.carla)("POST", `/incidents/${id}/review`, { do: "answer", learned: 5, blameless: 5, actions: 5 });
  await narrow.reload();
  await narrow.getByText("Of 3 answers, from 1 (not at all) to 5 (fully)").waitFor();
  await look(narrow, "review-counts-phone");
  await page.reload();
  await page.getByText("Less of the <i>timeline</i>").waitFor();
  await look(page, "review-counts-desktop");
  const { survey } = await ben("GET", `/incidents/${id}/review`);
  assert.deepEqual([survey.asks_you, survey.answers, survey.questions[0].counts], [false, 3, [0, 0, 0, 1, 2]]);
});
