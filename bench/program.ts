import { join } from 'node:path';

/** The release bundle: what is measured is what is shipped. `npm run bench` builds it first. */
export const PROGRAM = join(import.meta.dirname, '..', 'dist', 'redkeep.js');
