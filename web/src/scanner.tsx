// SPDX-License-Identifier: Apache-2.0
// The camera looks at a box and finds the IMEIs of its label. Only codes whose check digit is right are
// taken, so a serial number or an EAN beside them is passed over. Nothing of the picture leaves
// the device.
import { useEffect, useRef, useState } from "preact/hooks";

import { imeisOf } from "./imei";
import type { Detect, Load } from "./scan";
import { say } from "./text";

interface Props {
  files: DOMStringMap; // data-scan, data-wasm: where the scanner's two files are
  use: (codes: string[]) => void;
  close: () => void;
}

const PAUSE_MS = 120; // between looks; on a slow phone as long as a look takes, so that buttons work
const HINT_AFTER_MS = 5000;

function cameraTrouble(error: unknown): string {
  switch ((error as Error).name) {
    case "NotAllowedError":
    case "SecurityError":
      return "scan_refused";
    case "NotReadableError":
    case "AbortError":
      return "scan_busy";
    default:
      return "scan_none";
  }
}

async function openCamera(): Promise<MediaStream> {
  if (!navigator.mediaDevices) throw new DOMException("", "NotFoundError");
  return navigator.mediaDevices.getUserMedia({
    video: { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } },
    audio: false,
  });
}

export function Scanner({ files, use, close }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const [codes, setCodes] = useState<string[]>([]);
  const [said, setSaid] = useState("");
  const [failed, setFailed] = useState(false);

  useEffect(() => {
    let over = false;
    let stream: MediaStream | undefined;
    const found = new Set<string>();
    const end = () => {
      over = true;
      stream?.getTracks().forEach((track) => track.stop());
    };
    const fail = (id: string) => {
      if (over) return;
      end();
      setFailed(true);
      setSaid(say(id));
    };

    async function look(detect: Detect) {
      const hintAt = performance.now() + HINT_AFTER_MS;
      let others = false; // barcodes were read that are no IMEIs
      while (!over) {
        const began = performance.now();
        const before = found.size;
        const texts = video.current ? await detect(video.current) : [];
        for (const text of texts) for (const imei of imeisOf(text)) found.add(imei);
        others ||= texts.length > 0;
        if (over) return;
        if (found.size > before) {
          setCodes([...found]);
          setSaid(say("scan_found", { n: found.size }));
        } else if (!found.size && began > hintAt) setSaid(say(others ? "scan_other" : "scan_hint"));
        const pause = Math.max(PAUSE_MS, performance.now() - began);
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }

    async function run() {
      let detect: Detect;
      setSaid(say("scan_loading", { percent: 0 }));
      try {
        const { load } = (await import(files.scan as string)) as { load: Load };
        detect = await load(files.wasm as string, (percent) => over || setSaid(say("scan_loading", { percent })));
      } catch {
        return fail("scan_failed");
      }
      if (over) return;
      setSaid(say("scan_camera"));
      try {
        stream = await openCamera();
        if (over || !video.current) return end();
        for (const track of stream.getTracks()) track.onended = () => fail("scan_busy"); // taken away
        video.current.srcObject = stream;
        await video.current.play();
      } catch (error) {
        return fail(cameraTrouble(error));
      }
      setSaid(say("scan_looking"));
      await look(detect).catch(() => fail("scan_failed"));
    }

    dialog.current?.showModal();
    void run();
    return end;
  }, []);

  return (
    <dialog ref={dialog} class="scanner" aria-labelledby="scan-heading" onClose={close}>
      <h2 id="scan-heading">{say("scan")}</h2>
      <p>{say("scan_lead")}</p>
      {!failed && <video ref={video} playsInline muted aria-hidden="true" />}
      <p role="status" class="typing">
        {said}
      </p>
      <ul class="found">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <div class="buttons">
        {codes.length > 0 && (
          <button type="button" class="main" onClick={() => use(codes)}>
            {say("scan_use")}
          </button>
        )}
        <button type="button" class="second" onClick={close}>
          {say("scan_close")}
        </button>
      </div>
    </dialog>
  );
}
