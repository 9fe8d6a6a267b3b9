// The page came as the answer to a post. Without its body in the history, neither "Back" nor
// "Reload" posts the text again, which matters after a quick exit.
history.replaceState(null, '', '/chat');
