import { useReview } from "./useReview";

/** What is wrong, until it is over or dismissed; and that nothing can be decided any more. */
export function Notices() {
  const { isKernelGone, lost, notices, clear, unsettled } = useReview();
  return (
    <>
      {isKernelGone && (
        <div className="dgf-notice" role="alert">
          <span>
            The kernel that made this review is gone. Run the cell again to go on; every decision is
            in the store
            {unsettled > 0 && `, but for the last ${unsettled}, which may not have reached it`}.
          </span>
        </div>
      )}
      {lost && !isKernelGone && (
        <div className="dgf-notice" role="alert">
          <span dir="auto">Nothing can be reviewed here any more: {lost.message}</span>
        </div>
      )}
      {notices.map(([subject, error]) => (
        <div key={subject} className="dgf-notice" role="alert">
          <span dir="auto">{error.message}</span>
          <button type="button" className="dgf-button" onClick={() => clear(subject)}>
            Dismiss
          </button>
        </div>
      ))}
    </>
  );
}
