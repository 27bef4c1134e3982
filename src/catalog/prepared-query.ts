import type { Compilable, CompiledQuery } from 'kysely';

/** A query that kysely compiled once, with named places for what changes from call to call. */
export interface PreparedQuery<Args, Row> {
  bind(args: Args): CompiledQuery<Row>;
}

/** Compiles what `build` builds; `build` calls its argument wherever a value of `Args` goes, in place of the value. */
export function prepareQuery<Args extends object, Row>(
  build: (place: <Name extends keyof Args>(name: Name) => Args[Name]) => Compilable<Row>,
): PreparedQuery<Args, Row> {
  // kysely only carries parameters through, so a place can pass for a value of any type.
  const compiled = build((name) => new Place(name) as never).compile();
  return {
    bind: (args) => ({
      ...compiled,
      parameters: compiled.parameters.map((parameter) => (parameter instanceof Place ? args[parameter.name as keyof Args] : parameter)),
    }),
  };
}

class Place {
  readonly name: PropertyKey;

  constructor(name: PropertyKey) {
    this.name = name;
  }
}
