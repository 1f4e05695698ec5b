// SPDX-License-Identifier: Apache-2.0
// What we use of ncalayer-js-client, which brings no types.
declare module "ncalayer-js-client" {
  export class NCALayerClient {
    static readonly basicsSignerAuthAny: object;
    constructor(url?: string, allowKmdHttpApi?: boolean);
    /** Its socket; null before connect(). */
    wsConnection: WebSocket | null;
    /** The version of NCALayer. Waits for ever when nobody answers. */
    connect(): Promise<string>;
    /** data: base64. Rejects with canceledByUser when the person closed the window. */
    basicsSignCMS(storages: null, data: string, signing: object, signer: object, locale: string): Promise<string>;
  }
}
