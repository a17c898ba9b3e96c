//! How things go wrong: failures of the contract, sorted by what can be done about them.

/** A failure that the host is told of: it takes `payload` from what an export throws. */
export class Failure extends Error {
  /**
   * @param {'retry' | 'rejected' | 'needs-attention'} tag
   * @param {string} reason
   * @param {bigint} [afterMs] how long to wait, for `retry`
   */
  constructor(tag, reason, afterMs) {
    super(reason);
    this.payload = { tag, val: tag === 'retry' ? { reason, afterMs } : reason };
  }
}

/** It can never succeed. */
export const rejected = (reason) => new Failure('rejected', reason);

/** A person must act first. */
export const needsAttention = (reason) => new Failure('needs-attention', reason);

/** Why a call of a vendor's API did not do what it was for. */
export class ApiError extends Failure {
  /**
   * @param {string} tag as of {@link Failure}
   * @param {string} reason names the call
   * @param {{ status?: number, message?: string, ungranted?: boolean, afterMs?: bigint }} [facts] the HTTP status and
   *   what the vendor said, if it answered; whether the host did not let the call through
   */
  constructor(tag, reason, { status, message = '', ungranted = false, afterMs } = {}) {
    super(tag, reason, afterMs);
    this.status = status;
    this.said = message;
    this.ungranted = ungranted;
  }
}

/** What the vendor refuses today is asked for again by polls: `rejected` would have the host start over. */
export function later(look) {
  try {
    return look();
  } catch (error) {
    const refused = error instanceof ApiError && error.payload.tag === 'rejected';
    throw refused ? new Failure('retry', error.message) : error;
  }
}

/** What `look` gives; undefined if the operator left the permission for it out. */
export function granted(look) {
  try {
    return look();
  } catch (error) {
    if (error instanceof ApiError && error.ungranted) return undefined;
    throw error;
  }
}
