//! Rules in the settings: `order.physical and order.total >= 10`. The part of minijinja's expressions that rules are made of,
//! with exact numbers. What is not understood is an error, never a wrong answer.

import { Decimal } from './decimal.js';
import { needsAttention } from './failure.js';
import { FILTERS, Missing, RuleError, TESTS, known, member, ordered, same, truth, within } from './values.js';

/** What a rule may say, for people. */
export const GRAMMAR = `Rules are minijinja expressions: comparisons, \`and\`, \`or\`, \`not\`, \`in\`, parentheses, lists, \
the tests ${Object.keys(TESTS).join(', ')} and the filters ${Object.keys(FILTERS).join(', ')}. They see \`order\` (id, number, \
status, total, paid, due, currency, physical, lines with id, sku, name, quantity, unit_price, physical; customer with id, name, \
email, phone; address with street, city, region, postal_code, country, line; note, live, created_on), and \`raw\` \
(GoHighLevel's own JSON of the order). What is not known is none; a name that does not exist is an error. Numbers are exact and \
compare by value.`;

/** The longest rule, in characters. */
const RULE_MAX = 4096;
/** How deep parentheses and lists may be: each takes some of the call stack. */
const DEPTH_MAX = 50;

const TOKEN = /\s*(?:(\d+(?:\.\d+)?)|([A-Za-z_]\w*)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(==|!=|<=|>=|[<>()[\],.|]))/y;
const KINDS = ['number', 'name', 'string', 'sign'];
const CONSTANTS = { true: true, True: true, false: false, False: false, none: null, None: null };
const COMPARISONS = {
  '==': (a, b) => same(a, b),
  '!=': (a, b) => !same(a, b),
  '<=': (a, b) => ordered(a, b) <= 0,
  '>=': (a, b) => ordered(a, b) >= 0,
  '<': (a, b) => ordered(a, b) < 0,
  '>': (a, b) => ordered(a, b) > 0,
  in: (a, b) => within(a, b),
};

/**
 * Whether `rule`, the text of `setting`, holds for `scope`. Fails with `needs-attention` that names the setting; a text such as
 * "false" would count as true elsewhere, so anything but true and false is wrong here.
 */
export function holds(setting, rule, scope) {
  let value;
  try {
    value = known(new Parser(rule).whole()(scope));
  } catch (error) {
    if (!(error instanceof RuleError || error instanceof RangeError)) throw error;
    throw needsAttention(`the setting \`${setting}\`: ${error.message}`);
  }
  if (typeof value === 'boolean') return value;
  throw needsAttention(`the setting \`${setting}\` gives ${value}: it must be true or false`);
}

/** Makes of a rule's text a function of the scope. Each method reads what its name says, the loosest operators first. */
class Parser {
  constructor(source) {
    if (source.length > RULE_MAX) throw new RuleError(`it is longer than ${RULE_MAX} characters`);
    this.tokens = tokens(source);
    this.depth = 0;
  }

  whole() {
    const rule = this.or();
    if (this.tokens.length) throw new RuleError(`\`${this.tokens[0].text}\` is not expected there`);
    return rule;
  }

  or() {
    let rule = this.and();
    while (this.takes('or')) {
      const [left, right] = [rule, this.and()];
      rule = (scope) => (truth(left(scope)) ? left(scope) : right(scope));
    }
    return rule;
  }

  and() {
    let rule = this.not();
    while (this.takes('and')) {
      const [left, right] = [rule, this.not()];
      rule = (scope) => (truth(left(scope)) ? right(scope) : left(scope));
    }
    return rule;
  }

  not() {
    if (!this.takes('not')) return this.comparison();
    const rule = this.deeper(() => this.not());
    return (scope) => !truth(rule(scope));
  }

  comparison() {
    let rule = this.filtered();
    for (;;) {
      const left = rule;
      const sign = Object.keys(COMPARISONS).find((sign) => this.takes(sign));
      const without = !sign && this.takes('not', 'in');
      if (sign || without) {
        const [compare, right] = [COMPARISONS[sign ?? 'in'], this.filtered()];
        rule = (scope) => compare(known(left(scope)), known(right(scope))) !== without;
      } else if (this.takes('is')) {
        const [negative, test] = [this.takes('not'), this.oneOf(TESTS, 'test')];
        rule = (scope) => test(left(scope)) !== negative;
      } else {
        return rule;
      }
    }
  }

  filtered() {
    let rule = this.value();
    while (this.takes('|')) {
      const [inner, filter] = [rule, this.oneOf(FILTERS, 'filter')];
      const given = this.takes('(') ? this.list(')') : () => [];
      rule = (scope) => filter(inner(scope), ...given(scope));
    }
    return rule;
  }

  value() {
    const { kind, text } = this.next('a value');
    if (kind === 'number') return constant(Decimal.parse(text) ?? new Missing(`number as large as ${text}`));
    if (kind === 'string') return constant(text.slice(1, -1).replace(/\\(.)/g, '$1'));
    if (text === '(') return this.members(this.closed(')'), 'such value');
    if (text === '[') return this.members(this.list(']'), 'such value');
    if (kind === 'sign') throw new RuleError(`\`${text}\` stands where a value is needed`);
    if (Object.hasOwn(CONSTANTS, text)) return constant(CONSTANTS[text]);
    return this.members((scope) => member(scope, text, new Missing(text)), text);
  }

  members(start, path) {
    let rule = start;
    for (;;) {
      const inner = rule;
      let key;
      if (this.takes('.')) {
        const { text } = this.next('a name');
        key = constant(text);
        path = `${path}.${text}`;
      } else if (this.takes('[')) {
        key = this.closed(']');
        path = `${path}[…]`;
      } else {
        return rule;
      }
      const missing = new Missing(path);
      rule = (scope) => member(known(inner(scope)), known(key(scope)), missing);
    }
  }

  closed(end) {
    const rule = this.deeper(() => this.or());
    if (!this.takes(end)) throw new RuleError(`\`${end}\` is missing`);
    return rule;
  }

  list(end) {
    const rules = [];
    while (!this.takes(end)) {
      if (rules.length && !this.takes(',')) throw new RuleError(`\`${end}\` is missing`);
      rules.push(this.deeper(() => this.or()));
    }
    return (scope) => rules.map((rule) => known(rule(scope)));
  }

  /** Takes the next tokens if they are these signs or words. */
  takes(...texts) {
    const are = texts.every((text, index) => this.tokens[index]?.text === text);
    if (are) this.tokens.splice(0, texts.length);
    return are;
  }

  next(what) {
    return this.tokens.shift() ?? fault(`it ends where ${what} is needed`);
  }

  oneOf(table, kind) {
    const { text } = this.next(`a ${kind}`);
    return Object.hasOwn(table, text) ? table[text] : fault(`there is no ${kind} \`${text}\``);
  }

  deeper(read) {
    this.depth += 1;
    if (this.depth > DEPTH_MAX) throw new RuleError(`it is nested more than ${DEPTH_MAX} deep`);
    const rule = read();
    this.depth -= 1;
    return rule;
  }
}

function tokens(source) {
  const found = [];
  TOKEN.lastIndex = 0;
  for (let at = 0; source.slice(at).trim() !== ''; at = TOKEN.lastIndex) {
    const match = TOKEN.exec(source) ?? fault(`\`${source.slice(at).trim()[0]}\` is not understood`);
    found.push({ kind: KINDS[match.slice(1).findIndex((part) => part !== undefined)], text: match[0].trim() });
  }
  return found;
}

const constant = (value) => () => value;

function fault(problem) {
  throw new RuleError(problem);
}
