// Moves the clock of the process: new Date() and Date.now() are as far ahead as ahead.ms says.
export const ahead = { ms: 0 };

const Real = Date;
globalThis.Date = new Proxy(Real, {
  construct: (target, args, made) => Reflect.construct(target, args.length > 0 ? args : [Real.now() + ahead.ms], made),
  get: (target, name) => (name === 'now' ? () => Real.now() + ahead.ms : Reflect.get(target, name)),
});
