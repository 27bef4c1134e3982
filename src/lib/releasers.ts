/**
 * A last-in first-out list of release functions for things that were opened in order. Every function runs once even where an earlier
 * one throws; the first error is thrown at the end.
 */
export class Releasers implements AsyncDisposable {
  readonly #functions: Array<() => unknown> = [];

  /** Adds a release function; it runs before all that were added earlier. */
  add(release: () => unknown): void {
    this.#functions.push(release);
  }

  async release(): Promise<void> {
    const errors: unknown[] = [];
    for (let next = this.#functions.pop(); next !== undefined; next = this.#functions.pop()) {
      try {
        await next();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) {
      throw errors[0];
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }
}
