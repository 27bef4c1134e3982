import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openTempCatalog } from '../../test/harness/temp-catalog.ts';
import { openSqliteDialect } from './dialects/sqlite.ts';
import { SEALED_COLUMNS } from './sealed-columns.ts';

test('names every column of bytes that the schema has, since nothing but sealed secrets is stored as bytes', async () => {
  await using temp = await openTempCatalog();
  const dialect = openSqliteDialect(temp.path, { readOnly: true });
  const tables = await dialect.writer.introspection.getTables();
  await dialect.close();
  const found = tables.flatMap((table) =>
    table.columns.filter(({ dataType }) => dataType.toLowerCase() === 'blob').map(({ name }) => `${table.name}.${name}`),
  );
  assert.deepEqual(
    found.sort(),
    Object.values(SEALED_COLUMNS)
      .map(({ table, column }) => `${table}.${column}`)
      .sort(),
  );
});
