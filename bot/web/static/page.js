// Telegram puts the signed data of a Mini App into the fragment of the address, which browsers do not
// send to a server. This script sends it.
const vouched = new URLSearchParams(location.hash.slice(1)).get("tgWebAppData");
if (vouched) {
  document.getElementById("init").value = vouched;
  history.replaceState(null, "", location.pathname);
}
