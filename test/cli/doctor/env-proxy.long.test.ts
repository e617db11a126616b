import { test } from 'vitest';
import { expectAsNodeDoes, moreProxyCases } from './proxy-cases.ts';

test.each(moreProxyCases)('%o sends %s through %s, as Node does', expectAsNodeDoes);
