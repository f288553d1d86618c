import type { User } from "oidc-client-ts";
import { useEffect, useState, type ReactNode } from "react";
import { useAuth } from "react-oidc-context";
import { api } from "./auth";
import { explain } from "./errors";

export function App() {
  const auth = useAuth();
  const { user, error, isLoading, signinSilent } = auth;
  const problem = error && explain(error);

  // After a long sleep the stored access token has expired, yet the refresh token may still be good.
  const stale = !isLoading && !error && user?.expired === true;
  useEffect(() => {
    if (stale) void signinSilent();
  }, [stale, signinSilent]);

  // Back from signing in, or from failing to: the code in the address bar is spent.
  useEffect(() => {
    if (!isLoading && location.pathname === "/callback") history.replaceState({}, "", "/");
  }, [isLoading]);

  return (
    <>
      <header>
        <span className="brand">
          <img src="/icon.svg" alt="" width="28" height="28" /> Notes
        </span>
        {user && (
          <button className="quiet" onClick={() => void auth.signoutRedirect()}>
            Sign out
          </button>
        )}
      </header>
      <main>
        {problem && <Problem {...problem} />}
        {user ? (
          <SignedIn user={user} />
        ) : isLoading ? (
          <p className="waiting" role="status">
            One moment…
          </p>
        ) : (
          <Welcome onSignIn={() => void auth.signinRedirect()} />
        )}
      </main>
      <footer>A sample single-page app for IdentityServer: React, PKCE, oidc-client-ts.</footer>
    </>
  );
}

function Welcome({ onSignIn }: { onSignIn: () => void }) {
  return (
    <section className="welcome">
      <h1>Your notes, one code away</h1>
      <p>Sign in with your e-mail address. There is no password to choose, to forget or to lose.</p>
      <button onClick={onSignIn}>Sign in</button>
    </section>
  );
}

function SignedIn({ user }: { user: User }) {
  const { name, email, sub } = user.profile;
  const amr = user.profile.amr as string[] | undefined;
  const title = name ?? email ?? "friend";

  return (
    <>
      <h1>
        <span className="avatar" aria-hidden="true">
          {[...title][0]?.toUpperCase()}
        </span>
        Hello, {title}
      </h1>
      <Card title="Who you are" hint="From the ID token and the userinfo endpoint.">
        <dl>
          <Fact term="Name" id="name" value={name} />
          <Fact term="E-mail" id="email" value={email} />
          <Fact term="Signed in by" id="amr" value={amr?.join(", ")} />
          <Fact term="Subject" id="sub" value={sub} code />
        </dl>
      </Card>
      <AccessToken user={user} />
      <Notes accessToken={user.access_token} />
    </>
  );
}

function AccessToken({ user }: { user: User }) {
  const { activeNavigator, signinSilent } = useAuth();
  const seconds = useSecondsLeft(user);

  return (
    <Card
      title="Access token"
      hint="It renews itself a minute before it ends. Open this page in a second tab and refresh here: both tabs show the same token."
    >
      <dl>
        <Fact term="Expires in" id="expires-in" value={seconds === undefined ? undefined : duration(seconds)} />
        <Fact term="Token id" id="access-token-id" value={tokenId(user.access_token)} code />
      </dl>
      <div className="actions">
        <button disabled={activeNavigator === "signinSilent"} onClick={() => void signinSilent()}>
          Refresh now
        </button>
        <a href="/" target="_blank" rel="noopener">
          Open a second tab
        </a>
      </div>
    </Card>
  );
}

function Notes({ accessToken }: { accessToken: string }) {
  const [answer, setAnswer] = useState("");

  async function call() {
    setAnswer("…");
    try {
      const response = await fetch(`${api}/notes`, { headers: { Authorization: `Bearer ${accessToken}` } });
      if (response.ok) setAnswer(JSON.stringify(await response.json(), null, 2));
      else if (response.status === 401) setAnswer("The API did not accept the access token (401). Refresh it and try again.");
      else if (response.status === 403) setAnswer("The access token lacks the scope that this API asks for (403).");
      else setAnswer(`The API could not answer (${response.status}). Please try again in a moment.`);
    } catch {
      setAnswer(`The API at ${api} can't be reached. Is it running? Start it with: npm start (in samples/api).`);
    }
  }

  return (
    <Card title="Your notes" hint={`From ${api}/notes, asked for with the access token.`}>
      <div className="actions">
        <button onClick={() => void call()}>Call the API</button>
      </div>
      <output data-testid="api-answer">{answer}</output>
    </Card>
  );
}

function Card({ title, hint, children }: { title: string; hint: string; children: ReactNode }) {
  return (
    <section className="card">
      <h2>{title}</h2>
      <p className="hint">{hint}</p>
      {children}
    </section>
  );
}

function Fact({ term, id, value, code }: { term: string; id: string; value?: string; code?: boolean }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd data-testid={id} className={code ? "code" : undefined}>
        {value ?? "not given"}
      </dd>
    </div>
  );
}

function Problem({ message, detail }: { message: string; detail: string }) {
  return (
    <div className="problem" role="alert" data-testid="error">
      <p>{message}</p>
      <details>
        <summary>For developers</summary>
        <code>{detail}</code>
      </details>
    </div>
  );
}

function useSecondsLeft(user: User) {
  const [seconds, setSeconds] = useState(user.expires_in);
  useEffect(() => {
    const tick = () => setSeconds(user.expires_in);
    tick();
    const timer = setInterval(tick, 1000);
    return () => clearInterval(timer);
  }, [user]);
  return seconds;
}

function duration(seconds: number) {
  if (seconds <= 0) return "expired";
  const minutes = Math.floor(seconds / 60);
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

/**
 * The token's jti, only to show that a refresh brought a new one.
 * RFC 9068 §6: "the client MUST NOT inspect the content of the access token"; an app never decides by it.
 */
function tokenId(accessToken: string): string | undefined {
  try {
    const payload = accessToken.split(".")[1]!.replace(/-/g, "+").replace(/_/g, "/");
    return (JSON.parse(atob(payload)) as { jti?: string }).jti;
  } catch {
    return undefined; // a reference token
  }
}
