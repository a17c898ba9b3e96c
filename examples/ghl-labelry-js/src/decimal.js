//! Exact decimal numbers. JavaScript's own would turn 150.10 into 150.099999….

/** The contract's limit on decimal places. */
const EXPONENT_MAX = 18;
/** The contract's limit on units: a signed 64-bit integer. */
const UNITS_MAX = 2n ** 63n - 1n;
/** The longest text that is read as a number; a longer one is no amount of anything. */
const TEXT_MAX = 64;

const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/;

/** `units` × 10^-`exponent`, as in the contract. */
export class Decimal {
  /** @param {bigint} units @param {number} exponent */
  constructor(units, exponent = 0) {
    this.units = units;
    this.exponent = exponent;
  }

  /** Reads a number's text as JSON writes it; undefined for what is none, or does not fit the contract's limits. */
  static parse(text) {
    const [, sign, whole = '', fraction = '', power = '0'] = (text.length <= TEXT_MAX && NUMBER.exec(text)) || [];
    if (sign === undefined || whole + fraction === '') return undefined;
    return Decimal.#fitting(BigInt(`${sign === '-' ? '-' : ''}${whole}${fraction}`), fraction.length - Number(power));
  }

  /** Moves the exponent to where the contract allows it; undefined if digits would be lost. */
  static #fitting(units, exponent) {
    if (exponent < 0) return Decimal.#fitting(units * 10n ** BigInt(-exponent), 0);
    for (; exponent > EXPONENT_MAX && units % 10n === 0n; exponent -= 1) units /= 10n;
    const fits = exponent <= EXPONENT_MAX && -UNITS_MAX <= units && units <= UNITS_MAX;
    return fits ? new Decimal(units, exponent) : undefined;
  }

  /** The units of both at the larger exponent. */
  #aligned(other) {
    const exponent = Math.max(this.exponent, other.exponent);
    const at = ({ units, exponent: own }) => units * 10n ** BigInt(exponent - own);
    return [at(this), at(other), exponent];
  }

  /** The exact sum. Throws a RangeError if it does not fit. */
  plus(other) {
    const [a, b, exponent] = this.#aligned(other);
    return whole(Decimal.#fitting(a + b, exponent));
  }

  /** The exact difference. Throws a RangeError if it does not fit. */
  minus(other) {
    return this.plus(new Decimal(-other.units, other.exponent));
  }

  /** The exact product. Throws a RangeError if it does not fit. */
  times(other) {
    return whole(Decimal.#fitting(this.units * other.units, this.exponent + other.exponent));
  }

  /** Below zero if this is less than `other`, zero if they are equal in value, else above. */
  compare(other) {
    const [a, b] = this.#aligned(other);
    return Number(a > b) - Number(a < b);
  }

  /** The same value without zeros at the end: 150.1 of 150.10. */
  normalized() {
    let { units, exponent } = this;
    for (; exponent > 0 && units % 10n === 0n; exponent -= 1) units /= 10n;
    return new Decimal(units, exponent);
  }

  /** As JSON writes it, with all its decimal places. */
  toString() {
    const digits = (this.units < 0n ? -this.units : this.units).toString().padStart(this.exponent + 1, '0');
    const point = digits.length - this.exponent;
    const fraction = this.exponent > 0 ? `.${digits.slice(point)}` : '';
    return `${this.units < 0n ? '-' : ''}${digits.slice(0, point)}${fraction}`;
  }
}

/** Nothing. */
export const ZERO = new Decimal(0n);

function whole(decimal) {
  if (decimal === undefined) throw new RangeError('the number has more digits than 64 bits hold');
  return decimal;
}
