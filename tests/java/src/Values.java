import org.apache.fluss.client.table.scanner.ScanRecord;
import org.apache.fluss.row.BinaryString;
import org.apache.fluss.row.GenericArray;
import org.apache.fluss.row.GenericMap;
import org.apache.fluss.row.GenericRow;
import org.apache.fluss.row.InternalArray;
import org.apache.fluss.row.InternalMap;
import org.apache.fluss.row.InternalRow;
import org.apache.fluss.types.ArrayType;
import org.apache.fluss.types.DataType;
import org.apache.fluss.types.MapType;
import org.apache.fluss.types.RowType;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Rows as plain lists, so that they compare and print; and the other way round. */
final class Values {
    private Values() {}

    /** One change of a log. */
    static final class Record {
        final String change;
        final long offset;
        final long timestamp;
        final List<Object> row;

        Record(ScanRecord record, RowType type) {
            change = record.getChangeType().shortString();
            offset = record.logOffset();
            timestamp = record.timestamp();
            row = plain(record.getRow(), type);
        }

        @Override
        public String toString() {
            return change + row;
        }
    }

    static BinaryString text(String value) {
        return value == null ? null : BinaryString.fromString(value);
    }

    static GenericRow row(Object... values) {
        Object[] fields = new Object[values.length];
        for (int i = 0; i < values.length; i++) {
            fields[i] = values[i] instanceof String ? text((String) values[i]) : values[i];
        }
        return GenericRow.of(fields);
    }

    static List<Object> list(Object... values) {
        return Arrays.asList(values);
    }

    static GenericArray array(Object... elements) {
        return new GenericArray(elements);
    }

    static GenericMap map(Object... keysAndValues) {
        Map<Object, Object> entries = new HashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            entries.put(keysAndValues[i], keysAndValues[i + 1]);
        }
        return new GenericMap(entries);
    }

    static List<String> changes(List<Record> records) {
        List<String> lines = new ArrayList<>();
        for (Record record : records) {
            lines.add(record.toString());
        }
        return lines;
    }

    static List<Object> column(List<Record> records, int column) {
        List<Object> values = new ArrayList<>();
        for (Record record : records) {
            values.add(record.row.get(column));
        }
        return values;
    }

    static List<Object> plain(InternalRow row, RowType type) {
        List<Object> values = new ArrayList<>();
        InternalRow.FieldGetter[] getters = InternalRow.createFieldGetters(type);
        for (int i = 0; i < getters.length; i++) {
            values.add(plain(getters[i].getFieldOrNull(row), type.getTypeAt(i)));
        }
        return values;
    }

    private static Object plain(Object value, DataType type) {
        if (value instanceof byte[]) {
            return "0x" + hex((byte[]) value);
        }
        if (value instanceof InternalArray) {
            return elements((InternalArray) value, ((ArrayType) type).getElementType());
        }
        if (value instanceof InternalMap) {
            InternalMap map = (InternalMap) value;
            List<Object> keys = elements(map.keyArray(), ((MapType) type).getKeyType());
            List<Object> values = elements(map.valueArray(), ((MapType) type).getValueType());
            Map<Object, Object> entries = new HashMap<>();
            for (int i = 0; i < keys.size(); i++) {
                entries.put(keys.get(i), values.get(i));
            }
            return entries;
        }
        if (value instanceof InternalRow) {
            return plain((InternalRow) value, (RowType) type);
        }
        if (value == null || value instanceof Number || value instanceof Boolean) {
            return value;
        }
        // INDEXED rows store CHAR padded with zero bytes; Apache Fluss hands the padding on in its changelog.
        return value.toString().replace("\0", "");
    }

    private static List<Object> elements(InternalArray array, DataType type) {
        InternalArray.ElementGetter getter = InternalArray.createElementGetter(type);
        List<Object> values = new ArrayList<>();
        for (int i = 0; i < array.size(); i++) {
            values.add(plain(getter.getElementOrNull(array, i), type));
        }
        return values;
    }

    private static String hex(byte[] bytes) {
        StringBuilder text = new StringBuilder();
        for (byte one : bytes) {
            text.append(String.format("%02x", one));
        }
        return text.toString();
    }
}
