import { Component, type ReactNode } from "react";

interface Properties {
  /** What the part is called in the message. */
  part: string;
  children: ReactNode;
}

/** Keeps a part that fails to draw from taking the whole widget along. */
export class Boundary extends Component<Properties, { error: Error | null }> {
  override state = { error: null as Error | null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <div className="dgf-problem" role="alert">
        {this.props.part} cannot be shown: {error.message}
        <button type="button" className="dgf-button" onClick={() => this.setState({ error: null })}>
          Try again
        </button>
      </div>
    );
  }
}
