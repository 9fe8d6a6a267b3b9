"""Names of the demo's officers, whom `demo_officers.enter` creates; the comment names the role."""

AIGUL = "Aigul Testova"  # officer
BERIK = "Berik Testov"  # officer
DANA = "Dana Testova"  # administrator
MARAT = "Marat Testov"  # officer, lead and editor
SAULE = "Saule Testova"  # auditor
TIMUR = "Timur Testov"  # approver
ZARINA = "Zarina Testova"  # approver
