// Somebody with a browser that has no JavaScript: follows links, keeps cookies, fills in forms. No browser is
// started, so it is quick, and it proves that everything essential is plain HTML.

export class Visitor {
  #cookies = new Map();

  constructor(base) {
    this.base = base;
  }

  /** GET; follows redirects as a browser does. */
  get(path) {
    return this.#ask("GET", path);
  }

  /**
   * Presses the button of the page with these `words`, with `fields` filled in over what the page filled in itself.
   * Refuses fields that the form does not have: a person could not fill them in.
   */
  async press(page, words, fields = {}) {
    const buttons = page.forms.filter((form) => form.method === "post").flatMap((form) => form.buttons.map((button) => ({ form, button })));
    const found = buttons.find(({ button }) => words.test(button.words));
    if (!found) throw new Error(`no button ${words} on ${page.url}, but ${buttons.map(({ button }) => button.words).join(" | ")}:\n${page.text.slice(0, 1000)}`);
    const { form, button } = found;
    const values = { ...form.values };
    if (button.name) values[button.name] = button.value ?? "";
    for (const [name, value] of Object.entries(fields)) {
      if (!form.names.includes(name)) throw new Error(`the form ${form.action} has no field ${name}, but ${form.names.join(", ")}`);
      values[name] = value;
    }
    return this.#ask("POST", new URL(button.formaction ?? form.action, page.url).toString(), new URLSearchParams(values));
  }

  async #ask(method, path, body) {
    let url = new URL(path, this.base);
    for (let hops = 0; hops < 10; hops += 1) {
      const answer = await fetch(url, {
        method,
        body,
        redirect: "manual",
        headers: {
          cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; "),
          accept: "text/html",
          ...(method === "POST" ? { origin: this.base, "sec-fetch-site": "same-origin" } : {}),
        },
      });
      for (const cookie of answer.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
        if (value === "" || /max-age=0/i.test(cookie)) this.#cookies.delete(name);
        else this.#cookies.set(name, value);
      }
      if (answer.status >= 300 && answer.status < 400 && answer.headers.has("location")) {
        url = new URL(answer.headers.get("location"), url);
        if (answer.status !== 307 && answer.status !== 308) [method, body] = ["GET", undefined];
        continue;
      }
      const html = await answer.text();
      return { status: answer.status, url: url.toString(), path: url.pathname, html, text: plain(html), forms: forms(html, url) };
    }
    throw new Error(`${path} redirects in a circle`);
  }
}

const unescape = (text) =>
  text
    .replace(/&#x([0-9a-f]+);/gi, (_, hex) => String.fromCodePoint(parseInt(hex, 16)))
    .replace(/&#(\d+);/g, (_, number) => String.fromCodePoint(Number(number)))
    .replaceAll("&quot;", '"')
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");

/** What a person reads. */
export const plain = (html) =>
  unescape(
    html
      .replace(/<(script|style|template)\b[\s\S]*?<\/\1>/gi, " ")
      .replace(/<[^>]*>/g, " ")
      .replace(/\s+/g, " "),
  ).trim();

function attributes(tag) {
  const found = {};
  for (const [, name, , double, single, bare] of tag.matchAll(/([\w:@.-]+)(\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+)))?/g)) {
    found[name.toLowerCase()] ??= unescape(double ?? single ?? bare ?? "");
  }
  return found;
}

function forms(html, url) {
  return [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/gi)].map(([, opening, inside]) => {
    const { action = url.toString(), method = "get" } = attributes(opening);
    const values = {};
    const names = [];
    const buttons = [];
    for (const [, input, kind = "input", rest = input, content] of inside.matchAll(/<input\b([^>]*)>|<(select|textarea|button)\b([^>]*)>([\s\S]*?)<\/\2>/gi)) {
      const field = attributes(rest);
      if ("disabled" in field) continue;
      if (/^button$/i.test(kind) && !/^(button|reset)$/i.test(field.type ?? "")) buttons.push({ ...field, words: plain(content ?? "") || field["aria-label"] });
      if (!field.name) continue;
      names.push(field.name);
      if (/^textarea$/i.test(kind)) values[field.name] = unescape(content ?? "").replace(/^\n/, "");
      else if (/^select$/i.test(kind)) {
        const options = [...(content ?? "").matchAll(/<option\b([^>]*)>([^<]*)/gi)].map(([, option, words]) => ({ ...attributes(option), words: unescape(words).trim() }));
        const chosen = options.find((option) => "selected" in option) ?? options[0];
        if (chosen) values[field.name] = chosen.value ?? chosen.words;
      } else if (/^button$/i.test(kind) || /^(submit|image|button|file)$/i.test(field.type ?? "")) continue;
      else if (!/^(checkbox|radio)$/i.test(field.type ?? "") || "checked" in field) values[field.name] = field.value ?? (/^(checkbox|radio)$/i.test(field.type ?? "") ? "on" : "");
    }
    return { action, method: method.toLowerCase(), names, values, buttons, html: inside };
  });
}
