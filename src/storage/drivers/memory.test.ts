import { describeObjectStorage } from '../../../test/contract/object-storage.suite.ts';
import { createMemoryStorage } from './memory.ts';

describeObjectStorage('memory', { durable: false }, async () => ({ storage: createMemoryStorage(), dispose: async () => {} }));
