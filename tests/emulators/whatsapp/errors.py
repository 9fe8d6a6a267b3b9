"""Meta's error codes with their names and HTTP statuses.

Names and statuses are those on Meta's page of error codes. Meta advises to rely on the code alone.
"""

from typing import Any

Params = dict[str, Any]
HELP = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"

# Meta's error code: (HTTP status, title, details)
ERRORS: dict[int, tuple[int, str, str]] = {
    0: (401, "AuthException", "We were unable to authenticate the app user."),
    2: (503, "API Service", "Temporary due to downtime or due to being overloaded."),
    4: (400, "Application request limit reached", "The app has reached its API call rate limit."),
    10: (403, "Application does not have permission for this action", "Permission is not granted."),
    100: (400, "Invalid parameter", "Invalid parameter"),
    190: (401, "Error validating access token", "Your access token has expired."),
    200: (403, "Provide valid app ID", "Permission is either not granted or has been removed."),
    368: (403, "Temporarily blocked for policies violations", "The account has been restricted."),
    80007: (400, "Rate limit issues", "The WhatsApp Business Account has reached its rate limit."),
    130429: (400, "Rate limit hit", "Message failed to send because there were too many messages "
             "sent from this phone number in a short period of time"),
    130472: (400, "User's number is part of an experiment", "Message was not sent."),
    130497: (403, "Business account is restricted from messaging users in this country.",
             "Business account is restricted from messaging users in this country."),
    131000: (500, "Something went wrong", "Message failed to send due to an unknown error."),
    131005: (403, "Access denied", "Permission is either not granted or has been removed."),
    131008: (400, "Required parameter is missing", "The request is missing a required parameter."),
    131009: (400, "Parameter value is not valid", "One or more parameter values are invalid."),
    131016: (500, "Service unavailable", "A service is temporarily unavailable."),
    131021: (400, "Recipient cannot be sender", "Sender and recipient phone number is the same."),
    131026: (400, "Message undeliverable", "Unable to deliver message."),
    131030: (400, "Recipient phone number not in allowed list", "Add the number to the list."),
    131031: (403, "Account has been locked", "The account has been restricted or disabled."),
    131042: (400, "Business eligibility payment issue", "There was an error with the payment."),
    131047: (400, "Re-engagement message", "Message failed to send because more than 24 hours have "
             "passed since the customer last replied to this number."),
    131048: (400, "Spam rate limit hit", "Message failed to send because there are restrictions on "
             "how many messages can be sent from this phone number."),
    131049: (400, "This message was not delivered to maintain healthy ecosystem engagement.",
             "In order to maintain a healthy ecosystem engagement, the message failed to be "
             "delivered."),
    131050: (400, "User has stopped marketing messages",
             "User has stopped receiving marketing messages from this business."),
    131051: (400, "Message type unknown", "Message type is currently not supported."),
    131052: (400, "Media download error", "Unable to download the media sent by the user."),
    131053: (400, "Media upload error", "Unable to upload the media used in the message."),
    131056: (400, "(Business Account, Consumer Account) pair rate limit hit",
             "Message failed to send because there were too many messages sent from this phone "
             "number to the same phone number in a short period of time."),
    131057: (500, "Account in maintenance mode", "The account is in maintenance mode."),
    131062: (400, "BSUID recipient not supported", "Business-scoped user IDs are not supported "
             "for this message."),
    131064: (400, "Messaging limit reached", "The account has reached its messaging limit due to "
             "template classification violations."),
    132000: (400, "Number of parameters does not match the expected number of params", ""),
    132001: (404, "Template name does not exist in the translation", ""),
    132005: (400, "Template hydrated text too long", "Translated text too long"),
    132007: (400, "Template format character policy violated", "The content violates a policy."),
    132012: (400, "Parameter format does not match format in the created template", ""),
    132015: (400, "Template is paused", "Template is paused due to low quality."),
    132016: (400, "Template is disabled", "Template has been paused too many times due to low "
             "quality and is now permanently disabled."),
    139200: (400, "Direct Send is blocked", "The account may not send without a template."),
}  # fmt: skip
# Codes of calls that Kosh composed wrongly; `Journal.mistakes` reports these calls.
OUR_FAULT = {100, 131008, 131009, 131021, 131051, 131062, 132000, 132005, 132012}


def title_of(code: int) -> str:
    """Return the name of a code, or a general name if the code is not in the table."""
    return ERRORS[code][1] if code in ERRORS else "Unknown error"


def details_of(code: int) -> str:
    """Return Meta's usual explanation of a code, or its name if there is none."""
    return (ERRORS[code][2] or ERRORS[code][1]) if code in ERRORS else "Unknown error"


def reported(code: int, details: str = "") -> Params:
    """Return an error as webhooks contain it in a status, a message or the value of a change.

    `details` replaces Meta's usual explanation.
    """
    return {
        "code": code,
        "title": title_of(code),
        "message": title_of(code),
        "error_data": {"details": details or details_of(code)},
        "href": HELP,
    }
