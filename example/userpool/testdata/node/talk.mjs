// How the drivers talk with the test: a configuration, questions on standard output, answers on
// standard input.
import { createInterface } from 'node:readline';

export const config = JSON.parse(process.argv[2]);

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

export async function ask(what) {
  console.log('ask ' + what);
  return (await lines.next()).value;
}

export function equal(got, want) {
  if (got !== want) throw new Error(`got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
}

// refused fails unless an error of this name comes.
export async function refused(name, call) {
  try {
    await call();
  } catch (e) {
    const got = e.code ?? e.name;
    if (got === name) return;
    throw new Error(`got ${got}, want ${name}`, { cause: e });
  }
  throw new Error(`no ${name} came`);
}
