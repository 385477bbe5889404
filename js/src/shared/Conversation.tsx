import { CopyButton } from "./CopyButton";
import { asText } from "./folding";
import { LongText } from "./LongText";

/** One message of a chat; what it says may be more than a text. */
export interface Message {
  role: string;
  content: unknown;
}

/** Messages in their order, each with who says it. */
export function Conversation({ messages, label }: { messages: Message[]; label: string }) {
  return (
    <ol className="dgf-talk" aria-label={label}>
      {messages.map((message, number) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: messages have no other name, and never move
        <li key={number}>
          <Bubble speaker={message.role} text={said(message)} label={`${message.role} message`} />
        </li>
      ))}
    </ol>
  );
}

/** What one of them says. */
export function Bubble(properties: {
  speaker: string;
  text: string;
  label: string;
  children?: React.ReactNode;
}) {
  const { speaker, text, label, children } = properties;
  return (
    <div className={`dgf-bubble dgf-says-${speaker.replace(/[^a-z]/g, "")}`}>
      <div className="dgf-bubble-head">
        <b dir="auto">{speaker}</b>
        {children}
        <span className="dgf-space" />
        <CopyButton label={label} text={() => text} />
      </div>
      <LongText text={text} label={label} />
    </div>
  );
}

/** What a message says, as text: texts that stand in a list one below the other. */
export function said(message: Message): string {
  const { content } = message;
  const others = Object.entries(message).filter(
    ([name, value]) => name !== "role" && name !== "content" && value !== null,
  );
  const more = others.length ? [asText(Object.fromEntries(others))] : [];
  if (content === null || content === undefined) return more.join("\n");
  if (!Array.isArray(content)) return [asText(content), ...more].join("\n");
  const parts = content.map((part) => {
    const isText = typeof part === "object" && part !== null && typeof part.text === "string";
    return isText ? (part.text as string) : asText(part);
  });
  return [...parts, ...more].join("\n");
}
