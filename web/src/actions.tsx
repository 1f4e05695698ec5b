// SPDX-License-Identifier: Apache-2.0
// What one does with an answer: print it, or share the page that confirms its check number. The link
// holds no IMEI.
import { useState } from "preact/hooks";

import { say } from "./text";

export function Actions({ number }: { number: string }) {
  const [said, setSaid] = useState("");
  const url = `${location.origin}/number/${number}`;

  async function share() {
    try {
      if (navigator.share) await navigator.share({ title: document.title, url });
      else {
        await navigator.clipboard.writeText(url);
        setSaid(say("copied"));
      }
    } catch (error) {
      if ((error as Error).name !== "AbortError") setSaid(say("share_failed"));
    }
  }

  return (
    <>
      <button type="button" class="second" onClick={() => print()}>
        {say("print")}
      </button>
      <button type="button" class="second" onClick={() => void share()}>
        {say("share")}
      </button>
      <span role="status">{said}</span>
    </>
  );
}
