import { openTempCatalog } from '../harness/temp-catalog.ts';
import { catalogSuite } from './catalog.suite.ts';
import { taskQueueSuite } from './task-queue.suite.ts';

catalogSuite('SQLite', openTempCatalog);
taskQueueSuite('SQLite', openTempCatalog);
