// The reference speaks to identity providers at addresses that are written in the package. All its calls go to the fakes instead,
// which serve https://HOST/PATH at PROVIDERS/HOST/PATH; nothing leaves this machine.

const direct = globalThis.fetch;

/** @param providersURL where the fakes are; without it every call outside fails */
export function divertEgress(providersURL) {
  globalThis.fetch = async (input, init) => {
    const { href, host, pathname, search } = new URL(input);
    if (!providersURL) throw new TypeError(`fetch failed: ${host} is outside`);
    return direct(href.startsWith(`${providersURL}/`) ? href : `${providersURL}/${host}${pathname}${search}`, init);
  };
}
