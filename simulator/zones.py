"""The vendor's codes of time zones."""

# An excerpt of the vendor's list: tzCode, tzValue, name.
ZONES = (
    ("22", "UTC+10:00", "(UTC+10:00) Brisbane"),
    ("42", "UTC+08:00", "(UTC+08:00) Hong Kong"),
    ("68", "UTC+05:30", "(UTC+05:30) Mumbai"),
    ("102", "UTC+03:00", "(UTC+03:00) Moscow"),
    ("108", "UTC+02:00", "(UTC+02:00) Helsinki"),
    ("138", "UTC+01:00", "(UTC+01:00) Oslo"),
    ("140", "UTC", "(UTC) London"),
    ("180", "UTC-05:00", "(UTC-05:00) New York"),
    ("200", "UTC-08:00", "(UTC-08:00) Los Angeles"),
)
VALUES = {code: value for code, value, _ in ZONES}
