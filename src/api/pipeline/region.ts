import { commonErrors } from '../errors/common-errors.ts';
import { readHeader } from '../http-message.ts';
import { placeHost, regions } from '../regions.ts';
import { type RequestContext, resolvedAction, type Step } from './context.ts';

/**
 * Checks the region by name and against the host: finance regions and ordinary ones are apart, so under a known root a finance region
 * must be named by the host, and a finance host serves no other region. A host under no root (an address, localhost) is not checked.
 * `roots` in lower case, longest first.
 * Reads: requestedRegion, action. Fills: region, accessRegion.
 * Raises: MissingParameter, InvalidParameterValue, UnsupportedRegion.
 */
export function createRegionCheck(roots: readonly string[]): Step {
  return (ctx) => {
    const { requestedRegion } = ctx;
    const place = placeHost(readHeader(ctx.raw.headers, 'host'), roots);
    ctx.accessRegion = place.region?.name ?? requestedRegion;
    if (requestedRegion === '') {
      if (resolvedAction(ctx).regionRequired) {
        throw ctx.form === 'tc3' ? commonErrors.missingHeader('X-TC-Region') : commonErrors.missingParameter('Region');
      }
      return undefined;
    }
    const region = regions.get(requestedRegion);
    if (region === undefined) {
      throw commonErrors.invalidRegion(regionName(ctx));
    }
    if (place.isUnderRoot && (region.isFinance || place.region?.isFinance) && place.region !== region) {
      throw commonErrors.unsupportedRegion();
    }
    ctx.region = region.name;
    return undefined;
  };
}

function regionName(ctx: RequestContext): string {
  return ctx.form === 'tc3' ? 'X-TC-Region' : 'Region';
}
