"""The first-touch mart computed a second time, in plain Python from the generated input alone.

Follows the words of the job, not the SQL: for every order the customer, the earliest event in the seven days before the
order (by event time; the smaller event id first among equals), its campaign, and the time between.
"""
import collections
import datetime as dt
import json
from decimal import Decimal

WINDOW = dt.timedelta(days=7)
KEYS = {"campaigns": "campaign_id", "customers": "customer_id", "orders": "order_id"}
COLUMNS = ("order_id", "order_time", "customer_id", "segment", "total_amount", "first_touch_event", "first_touch_type",
           "first_touch_time", "campaign", "channel", "touch_to_order")


def final_tables(path):
    """What the tables hold after every arrival: {name: {key: row}}, and all events."""
    tables, events = {name: {} for name in KEYS}, []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            arrival = json.loads(line, parse_float=Decimal)
            name, row = arrival["table"], arrival["row"]
            if name == "events":
                events.append(row)
            elif arrival["op"] == "delete":
                tables[name].pop(row[KEYS[name]], None)
            else:
                tables[name][row[KEYS[name]]] = row
    return tables, events


def moment(text):
    return dt.datetime.fromisoformat(text)


def mart(path):
    """The rows of the mart as dicts, by order id."""
    tables, events = final_tables(path)
    by_customer = collections.defaultdict(list)
    for event in events:
        by_customer[event["customer_id"]].append((moment(event["event_time"]), event["event_id"], event))
    rows = {}
    for order in tables["orders"].values():
        order_time = moment(order["order_time"])
        touches = [touch for touch in by_customer[order["customer_id"]] if order_time - WINDOW <= touch[0] <= order_time]
        first_time, _, first = min(touches, key=lambda touch: touch[:2]) if touches else (None, None, {})
        campaign = tables["campaigns"].get(first.get("campaign_id"), {})
        customer = tables["customers"].get(order["customer_id"], {})
        values = (order["order_id"], order_time, order["customer_id"], customer.get("segment"),
                  Decimal(order["total_amount"]), first.get("event_id"), first.get("event_type"), first_time,
                  campaign.get("name"), campaign.get("channel"), first_time and order_time - first_time)
        rows[order["order_id"]] = dict(zip(COLUMNS, values))
    return rows
