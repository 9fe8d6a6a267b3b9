"""Labels of buttons that sentences quote.

Each label is defined once, so that the quotation always equals the label of the button.
"""

from flows.engine.text import button

ABOUT = button("About the assistant")
AGREE = button("I agree")
ANSWER = button("Answer")
ANNOUNCEMENTS = button("Announcements")
BACK = button("Back")
CHANGE_AN_ANSWER = button("Change an answer")
CLOSE_AND_CLEAR = button("Close and clear")
DISAGREE = button("I do not agree")
MY_PAPERS = button("My papers")
MY_REGISTRATION = button("My registration")
NEXT_STEPS = button("What comes next")
SEND = button("Send")
SKIP = button("Skip")
SUPPORT = button("Support")
TALK_TO_A_PERSON = button("Talk to a person")
THAT_IS_ALL = button("That is all")
