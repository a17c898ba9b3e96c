/**
 * @file What can go wrong in a call, by what can be done about it.
 */

/** Why a call of a connector failed. One of the classes below. */
export class Failure extends Error {
  /**
   * The host's own words on requests that it refused in this call, each with the key that would allow it.
   * @type {string[]}
   */
  denied = [];

  /** @param {string} reason one line for a person */
  constructor(reason) {
    super(reason);
    this.name = new.target.name;
  }
}

/** It may succeed later: the vendor is busy, down or slow. Call again. */
export class Retry extends Failure {
  /**
   * @param {string} reason
   * @param {number} [afterMs] how long to wait at least
   */
  constructor(reason, afterMs) {
    super(reason);
    this.afterMs = afterMs;
  }
}

/** It can never succeed: the input is wrong. */
export class Rejected extends Failure {}

/** A person must act first: a credential is refused, a scope is missing, a mapping is unknown. */
export class NeedsAttention extends Failure {}

/** The connector trapped or took too long: a bug in it. Worth a few tries, as a `Retry` is. */
export class Trapped extends Retry {}

/**
 * The contract's failure as an error.
 * @param {{ tag: 'retry', val: { reason: string, afterMs?: bigint } } | { tag: 'rejected' | 'needs-attention', val: string }} failure
 */
export function failureOf(failure) {
  switch (failure.tag) {
    case 'retry': {
      const { reason, afterMs } = failure.val;
      return new Retry(reason, afterMs === undefined ? undefined : Number(afterMs));
    }
    case 'rejected':
      return new Rejected(failure.val);
    case 'needs-attention':
      return new NeedsAttention(failure.val);
    default:
      return new Trapped(`the connector failed with ${JSON.stringify(failure)}, which the contract does not know`);
  }
}
