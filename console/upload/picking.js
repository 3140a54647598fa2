/*
 * The ways in which files reach the page: dropped, pasted, chosen. A dropped folder is read to its
 * end; from folders only what has the name of a picture is taken.
 */
const PICTURE = /\.(jpe?g|png|webp|gif|bmp|tiff?|heic|heif|avif)$/i;

/** What a file chooser offers. */
export const ACCEPT = 'image/*,.heic,.heif,.avif,.tif,.tiff,.bmp';

/** Return { files, skipped } of what was dropped. */
export async function readDropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) {
    return { files: [...transfer.files], skipped: 0 };
  }
  const found = [];
  for (const entry of entries) await walk(entry, found);
  return sort(found);
}

/** Return { files, skipped } of a chosen folder. */
export function readFolder(files) {
  return sort([...files].map((file) => ({ file, inFolder: true })));
}

/** Return the pictures of the clipboard, with a name that tells when. */
export function readPasted(transfer) {
  const files = [...(transfer?.files ?? [])].filter((file) => file.type.startsWith('image/'));
  const when = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
  return files.map((file) =>
    file.name && file.name !== 'image.png'
      ? file
      : new File([file], `pasted ${when}.${file.type.split('/')[1]}`, { type: file.type }),
  );
}

function sort(found) {
  const taken = found.filter(({ file, inFolder }) => !inFolder || PICTURE.test(file.name));
  return { files: taken.map(({ file }) => file), skipped: found.length - taken.length };
}

async function walk(entry, found, inFolder = false) {
  if (entry.isFile) {
    const file = await new Promise((resolve) => entry.file(resolve, () => resolve(null)));
    if (file) found.push({ file, inFolder });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    // A reader gives at most 100 entries a time.
    const some = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (!some.length) return;
    for (const each of some) await walk(each, found, true);
  }
}
