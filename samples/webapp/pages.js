class Markup extends String {}

/** A template tag that escapes every value, except markup made by itself: no page can forget to. */
function html(strings, ...values) {
  return new Markup(String.raw({ raw: strings }, ...values.map(render)));
}

function render(value) {
  if (value instanceof Markup) return value;
  if (Array.isArray(value)) return value.map(render).join("");
  return String(value ?? "").replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function layout(title, content, person) {
  return String(html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <link rel="stylesheet" href="/style.css">
    <link rel="icon" href="/icon.svg" type="image/svg+xml">
    <title>${title}</title>
  </head>
  <body>
    <header>
      <a class="brand" href="/"><img src="/icon.svg" alt="" width="28" height="28"> Paper Boat Prints</a>
      ${person ? button("/signout", "Sign out", "quiet") : ""}
    </header>
    <main>${content}</main>
    <footer>A sample web app for IdentityServer: Node, PKCE, openid-client. Its tokens stay on the server.</footer>
  </body>
</html>`);
}

function button(action, label, style) {
  return html`<form method="post" action="${action}"><button class="${style}">${label}</button></form>`;
}

export function welcomePage() {
  return layout("Paper Boat Prints", html`
    <section class="welcome">
      <h1>Your photos, on paper</h1>
      <p>Sign in with an account that you already have. We ask before we see anything of it.</p>
      ${button("/signin", "Sign in")}
    </section>`);
}

export function homePage(person) {
  const name = person.userinfo.name ?? person.userinfo.email ?? "friend";
  return layout(`Paper Boat Prints: ${name}`, html`
    <h1>Hello, ${name}</h1>
    <section class="card">
      <h2>Userinfo</h2>
      <p class="hint">What you allowed this app to see.</p>
      ${facts("userinfo", person.userinfo)}
    </section>
    <section class="card">
      <h2>ID token</h2>
      <p class="hint">Signed by the identity server, checked by this app.</p>
      ${facts("id-token", person.claims)}
    </section>
    <section class="card">
      <h2>Access token</h2>
      <p class="hint">Kept on the server. A refresh token brings the next one.</p>
      ${facts("access-token", { "Ends at": person.expiresAt.toISOString(), Refreshes: person.refreshes })}
      ${person.refreshToken ? button("/refresh", "Refresh") : ""}
    </section>`, person);
}

/** Each value has the test id `group-name`, for example `userinfo-email`. */
function facts(group, values) {
  const text = (value) => (typeof value === "object" ? JSON.stringify(value) : value);
  const id = (name) => `${group}-${name.toLowerCase().replaceAll(" ", "-")}`;
  return html`<dl>${Object.entries(values).map(
    ([name, value]) => html`<div><dt>${name}</dt><dd data-testid="${id(name)}">${text(value)}</dd></div>`,
  )}</dl>`;
}

export function problemPage({ message, detail }) {
  return layout("Paper Boat Prints: a problem", html`
    <section class="welcome">
      <h1>That did not work</h1>
      <p role="alert" data-testid="error">${message}</p>
      ${detail ? html`<details><summary>For developers</summary><code>${detail}</code></details>` : ""}
      <p><a href="/">Back to the start</a></p>
    </section>`);
}
