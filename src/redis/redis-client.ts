// Imported lazily, since it takes longer to load than the service to start. The names are listed here because a bundler finds those of a
// CommonJS package in a static import only.
export { createClient, ErrorReply } from '@redis/client';
