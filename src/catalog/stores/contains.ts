import { type RawBuilder, type SqlBool, sql } from 'kysely';

/** True where the lower-case text in `column` is like `pattern`. */
export function isLike(column: string, pattern: string): RawBuilder<SqlBool> {
  return sql<SqlBool>`${sql.ref(column)} like ${pattern} escape '\\'`;
}

/** The pattern for texts that contain `part` in any case. */
export function containing(part: string): string {
  return `%${foldCase(part).replaceAll(/[\\%_]/g, '\\$&')}%`;
}

/** How a text is stored and asked for where case does not count: databases disagree about case beyond ASCII. */
export function foldCase(text: string): string {
  return text.toLowerCase();
}
