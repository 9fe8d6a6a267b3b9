// A Mini App is opened with what Telegram vouches for in the address's fragment, which no server
// sees unless it is sent on.
const vouched = new URLSearchParams(location.hash.slice(1)).get("tgWebAppData");
if (vouched) {
  document.getElementById("init").value = vouched;
  history.replaceState(null, "", location.pathname);
}
