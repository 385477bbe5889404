import { type ReactNode, useState } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";

/** Characters of a text that are drawn as Markdown; it would take seconds for a whole book. */
const MOST = 100_000;

/** A text drawn as Markdown. HTML in it is text, links open beside the notebook, and nothing is
 * fetched from anywhere unless it is asked for. */
export function Markdown({ text }: { text: string }) {
  return (
    <div className="dgf-markdown" dir="auto">
      <ReactMarkdown remarkPlugins={[remarkGfm]} components={COMPONENTS}>
        {text.slice(0, MOST)}
      </ReactMarkdown>
      {text.length > MOST && (
        <p className="dgf-soft">
          These are the first {MOST.toLocaleString("en")} of {text.length.toLocaleString("en")}{" "}
          characters; as text all are shown.
        </p>
      )}
    </div>
  );
}

const COMPONENTS: Components = {
  a: ({ href, children }) => <Link href={href ?? ""}>{children}</Link>,
  img: ({ src, alt }) => <Picture address={String(src ?? "")} about={alt ?? ""} />,
};

function Link({ href, children }: { href: string; children: ReactNode }) {
  // A place in this text is none of the notebook's page.
  if (!/^(?:https?|mailto):/i.test(href)) return <u title={href}>{children}</u>;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer" title={href}>
      {children}
    </a>
  );
}

function Picture({ address, about }: { address: string; about: string }) {
  const [isAsked, setAsked] = useState(false);
  const canLoad = /^https?:/i.test(address);
  if (isAsked) return <img src={address} alt={about} referrerPolicy="no-referrer" />;
  return (
    <span className="dgf-picture">
      Picture{about && ` “${about}”`}: <span className="dgf-code">{address || "no address"}</span>{" "}
      {canLoad && (
        <button
          type="button"
          className="dgf-small"
          title={`Loads it from ${address}, whose owner can see that`}
          onClick={() => setAsked(true)}
        >
          Load it
        </button>
      )}
    </span>
  );
}
