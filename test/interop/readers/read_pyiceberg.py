"""PyIceberg through the REST catalog."""
from protocol import serve
from pyiceberg.catalog import load_catalog


def open_reader(uri):
    catalog = load_catalog("weir", type="rest", uri=uri)

    def read(question):
        table = catalog.load_table((question["namespace"], question["table"]))
        return table.scan(selected_fields=tuple(question["columns"])).to_arrow().select(question["columns"])

    return read


serve(open_reader)
