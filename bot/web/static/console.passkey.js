/* Exchanges WebAuthn messages with the server. Without this script, or in a browser without passkeys, the
   forms stay hidden and officers use their passwords. */

const bytes = text => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), c => c.charCodeAt(0));
const text = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

function told(credential) {
  const { response: r, id, type } = credential, said = { clientDataJSON: text(r.clientDataJSON) };
  for (const part of ['attestationObject', 'authenticatorData', 'signature', 'userHandle'])
    if (r[part]) said[part] = text(r[part]);
  return { id, rawId: text(credential.rawId), type, response: said, clientExtensionResults: {} };
}

async function options(form) {
  const answer = await fetch(`${form.action}/options`, { method: 'POST', body: new URLSearchParams(new FormData(form)) });
  if (!answer.ok) throw new Error(String(answer.status));
  const wanted = await answer.json();
  wanted.challenge = bytes(wanted.challenge);
  if (wanted.user) wanted.user.id = bytes(wanted.user.id);
  for (const list of [wanted.allowCredentials, wanted.excludeCredentials])
    for (const each of list || []) each.id = bytes(each.id);
  return wanted;
}

function prepare(form, ask) {
  form.hidden = false;
  form.addEventListener('submit', async event => {
    if (form.elements.credential) return;
    event.preventDefault();
    const said = await options(form).then(ask).then(told).catch(() => null);
    const field = document.createElement('input');
    field.type = 'hidden';
    field.name = 'credential';
    field.value = said ? JSON.stringify(said) : '';
    form.append(field);
    form.submit();
  });
}

if (window.PublicKeyCredential) {
  const use = document.getElementById('passkey'), add = document.getElementById('passkey-new');
  if (use) prepare(use, publicKey => navigator.credentials.get({ publicKey }));
  if (add) prepare(add, publicKey => navigator.credentials.create({ publicKey }));
}
