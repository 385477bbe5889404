import { useReview } from "./useReview";

/** What went wrong, until it is dismissed; and that the kernel is gone. */
export function Notices() {
  const { isGone, notice, fail, unsettled } = useReview();
  return (
    <>
      {isGone && (
        <div className="dgf-notice" role="alert">
          <span>
            The kernel that made this review is gone. Run the cell again to go on; every decision is
            in the store
            {unsettled > 0 && `, but for the last ${unsettled}, which may not have reached it`}.
          </span>
        </div>
      )}
      {notice && (
        <div className="dgf-notice" role="alert">
          <span dir="auto">{notice.message}</span>
          <button type="button" className="dgf-button" onClick={() => fail(null)}>
            Dismiss
          </button>
        </div>
      )}
    </>
  );
}
